import { createHash } from 'node:crypto';
import type { CatalogueView } from '@millrace/broker';
import type { ListName } from './changes.ts';

/** How long the catalogue must be at rest before a change counts: a rolling restart is one change, or none. */
const REST_MS = 150;

const LISTS: readonly ListName[] = ['tools', 'prompts', 'resources'];

/** Tells which lists really changed, however often workers come, go, and say again what they serve. */
export class ListWatch {
  readonly #onChanged: (list: ListName) => void;
  #told: ReadonlyMap<ListName, string>;
  #timer: NodeJS.Timeout | undefined;

  constructor(view: CatalogueView, onChanged: (list: ListName) => void) {
    this.#told = digests(view);
    this.#onChanged = onChanged;
  }

  /** Takes this state as known to everybody, without telling. */
  begin(view: CatalogueView): void {
    this.#told = digests(view);
  }

  follow(view: CatalogueView): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#compare(view), REST_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #compare(view: CatalogueView): void {
    const before = this.#told;
    this.#told = digests(view);
    for (const list of LISTS) if (before.get(list) !== this.#told.get(list)) this.#onChanged(list);
  }
}

function digests(view: CatalogueView): Map<ListName, string> {
  const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64');
  return new Map([
    ['tools', digest(view.tools.map((entry) => entry.definition))],
    ['prompts', digest(view.prompts.map((entry) => entry.definition))],
    ['resources', digest([...view.resources, ...view.resourceTemplates].map((entry) => entry.definition))],
  ]);
}
