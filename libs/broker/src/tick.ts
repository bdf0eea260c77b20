/**
 * Gathers what is added during one turn of the event loop and hands it over at its end, so that work which
 * arrives together travels together without a timer.
 */
export class Tick<T> {
  readonly #flush: (items: T[]) => void;
  #items: T[] = [];

  constructor(flush: (items: T[]) => void) {
    this.#flush = flush;
  }

  add(item: T): void {
    if (this.#items.push(item) === 1) setImmediate(() => this.flush());
  }

  /** Hands over at once what was gathered; does nothing when there is nothing. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#flush(items);
  }
}
