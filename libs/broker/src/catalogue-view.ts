import type { Offer, PromptEntry, ResourceEntry, ResourceTemplateEntry, ToolEntry } from '@millrace/protocol';
import type { WorkerRecord } from './worker-record.ts';

/** The whole fleet at one moment, as one list of everything that can be called. */
export interface CatalogueView extends Offer {
  /** Slots of the live workers of each pool; a pool that is missing has none. */
  readonly slots: ReadonlyMap<string, number>;
  readonly workers: readonly WorkerRecord[];
  /** Pools that take no new calls, because an operator wants it; none unless given. */
  readonly draining?: ReadonlySet<string>;
  /** What the live canaries serve beside it, of what others serve too; absent when there is none. */
  readonly canary?: CanaryView;
}

/** A version on trial. */
export interface CanaryView {
  readonly offer: Offer;
  /** Share of the calls that each of its pools is to get, in percent. */
  readonly weights: ReadonlyMap<string, number>;
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
  // What canaries alone serve is served by them; of all else the definition of the others counts.
  const canaries = inOrder(workers.filter(isCanary));
  for (const worker of [...canaries, ...inOrder(workers.filter((one) => !isCanary(one)))]) {
    const offer = offers.get(worker.offer);
    if (offer) merge.add(offer, (pool) => worker.pools.includes(pool));
  }
  const canary = canaries.length > 0 && canaryView(canaries, offers);
  return { ...merge.result(), slots, workers, ...(canary && { canary }) };
}

function isCanary({ weight }: WorkerRecord): boolean {
  return weight !== undefined;
}

function inOrder(workers: readonly WorkerRecord[]): readonly WorkerRecord[] {
  return [...workers].sort((a, b) => a.startedAt - b.startedAt);
}

/** @param canaries the newest last: what it says counts */
function canaryView(canaries: readonly WorkerRecord[], offers: ReadonlyMap<string, Offer>): CanaryView {
  const merge = new Merge();
  const weights = new Map<string, number>();
  for (const { pools, offer, weight = 0 } of canaries) {
    const served = offers.get(offer);
    if (served) merge.add(served, (pool) => pools.includes(pool));
    for (const pool of pools) weights.set(pool, weight);
  }
  return { offer: merge.result(), weights };
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
