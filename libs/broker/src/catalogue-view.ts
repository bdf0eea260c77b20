import type { Offer, PromptEntry, ResourceEntry, ResourceTemplateEntry, ToolEntry } from '@millrace/protocol';
import type { WorkerRecord } from './worker-record.ts';

/** The whole fleet at one moment, as one list of everything that can be called. */
export interface CatalogueView extends Offer {
  /** Slots of the live workers of each pool; a pool that is missing has none. */
  readonly slots: ReadonlyMap<string, number>;
  readonly workers: readonly WorkerRecord[];
}

/**
 * Merges what the workers serve. Where two serve the same name, the one that started last wins. A pool without live
 * workers keeps what it served last, so that a call to it can be answered with the reason.
 *
 * @param workers the live ones
 * @param offers known offers by hash, the newest last
 */
export function mergeCatalogue(
  workers: readonly WorkerRecord[],
  offers: ReadonlyMap<string, Offer>,
): CatalogueView {
  const slots = slotsByPool(workers);
  const merge = new Merge();
  for (const offer of offers.values()) merge.add(offer, (pool) => !slots.has(pool));
  for (const worker of [...workers].sort((a, b) => a.startedAt - b.startedAt)) {
    const offer = offers.get(worker.offer);
    if (offer) merge.add(offer, (pool) => worker.pools.includes(pool));
  }
  return { ...merge.result(), slots, workers };
}

function slotsByPool(workers: readonly WorkerRecord[]): Map<string, number> {
  const slots = new Map<string, number>();
  for (const worker of workers) {
    for (const pool of worker.pools) slots.set(pool, (slots.get(pool) ?? 0) + worker.slots);
  }
  return slots;
}

/** Entries by the name that must be unique; later ones replace earlier ones. */
class Merge {
  readonly #tools = new Map<string, ToolEntry>();
  readonly #resources = new Map<string, ResourceEntry>();
  readonly #resourceTemplates = new Map<string, ResourceTemplateEntry>();
  readonly #prompts = new Map<string, PromptEntry>();

  add(offer: Offer, accepts: (pool: string) => boolean): void {
    const add = <T extends { pool: string }>(
      into: Map<string, T>,
      entries: readonly T[],
      name: (e: T) => string,
    ) => {
      for (const entry of entries) if (accepts(entry.pool)) into.set(name(entry), entry);
    };
    add(this.#tools, offer.tools, (entry) => entry.definition.name);
    add(this.#resources, offer.resources, (entry) => entry.definition.uri);
    add(this.#resourceTemplates, offer.resourceTemplates, (entry) => entry.definition.uriTemplate);
    add(this.#prompts, offer.prompts, (entry) => entry.definition.name);
  }

  result(): Offer {
    return {
      tools: sorted(this.#tools),
      resources: sorted(this.#resources),
      resourceTemplates: sorted(this.#resourceTemplates),
      prompts: sorted(this.#prompts),
    };
  }
}

function sorted<T>(entries: ReadonlyMap<string, T>): T[] {
  return [...entries.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}
