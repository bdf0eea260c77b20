/** Followed at most: a server may list any number of resources. */
const MOST_RESOURCES = 1_000;

/** A process that can be asked to tell of changes. */
export interface Following {
  readonly ended: Promise<string>;
  /** Asks to be told when one of these changes; they are all that were ever named, and more. */
  follow(uris: ReadonlySet<string>): void;
}

/**
 * The resources of one upstream whose changes are passed on: all that it lists, and those that were read. The worker does
 * not learn which of them clients follow; each process is asked for all, since any may be the one that makes a change.
 */
export class FollowedResources {
  readonly #uris = new Set<string>();
  readonly #processes = new Set<Following>();

  join(process: Following): void {
    this.#processes.add(process);
    void process.ended.then(() => this.#processes.delete(process));
    process.follow(this.#uris);
  }

  add(uris: readonly string[]): void {
    const before = this.#uris.size;
    for (const uri of uris) if (this.#uris.size < MOST_RESOURCES) this.#uris.add(uri);
    if (this.#uris.size === before) return;
    for (const process of this.#processes) process.follow(this.#uris);
  }
}
