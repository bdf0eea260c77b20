/**
 * A few things that come and go quickly, in no order. Like `Places`, it does not make one table after the other: what
 * was taken out can be collected at once, also when V8 keeps the bag for long.
 */
export class Bag<T> implements Iterable<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** @param item that is not in it */
  add(item: T): void {
    this.#items.push(item);
  }

  /** @returns whether it was in it */
  delete(item: T): boolean {
    const at = this.#items.indexOf(item);
    if (at < 0) return false;
    const last = this.#items.pop() as T;
    if (at < this.#items.length) this.#items[at] = last;
    return true;
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** All that is in it now, whatever is added or taken out meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#items].values();
  }
}
