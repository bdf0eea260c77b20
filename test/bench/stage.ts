interface Stoppable {
  stop(): Promise<unknown>;
}

/** What one part of the bench has started, so that all of it ends with the part. */
export class Stage {
  #entered: Promise<Stoppable | undefined>[] = [];
  #closed = false;

  /** Starts something that is stopped with the rest. */
  async enter<T extends Stoppable>(start: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the bench is being abandoned');
    const starting = start();
    // Who awaits the start hears of its failure; then there is nothing to stop.
    this.#entered.push(starting.catch(() => undefined));
    return starting;
  }

  /** Stops everything, the last entered first. */
  async clear(): Promise<void> {
    for (let next = this.#entered.pop(); next; next = this.#entered.pop()) await (await next)?.stop();
  }

  /** Stops everything and lets nothing start again. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.clear();
  }
}
