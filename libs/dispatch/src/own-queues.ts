import type { CatalogueView } from '@millrace/broker';

/** Notices when a worker is gone that had a queue of its own: nobody else takes its calls. */
export class OwnQueues {
  readonly #onGone: (worker: string) => void;
  #workers: readonly string[] = [];

  constructor(onGone: (worker: string) => void) {
    this.#onGone = onGone;
  }

  follow({ workers }: CatalogueView): void {
    const now = workers.filter(({ id, pools }) => pools.includes(id)).map(({ id }) => id);
    for (const worker of this.#workers) if (!now.includes(worker)) this.#onGone(worker);
    this.#workers = now;
  }
}
