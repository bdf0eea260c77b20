/** One item in a lane, by which it can be taken out wherever it stands. */
export interface Place<T> {
  readonly item: T;
  readonly lane: Lane<T>;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
}

/** First in, first out; and anybody in between can leave at no cost, because clients go away while they wait. */
export class Lane<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first?.item;
  }

  /** From the first to the last; an item may be removed when it has been given. */
  *[Symbol.iterator](): Generator<T> {
    for (let place = this.#first; place; ) {
      const { item, after } = place;
      yield item;
      place = after;
    }
  }

  push(item: T): Place<T> {
    const place: Place<T> = { item, lane: this, before: this.#last, after: undefined };
    if (this.#last) this.#last.after = place;
    else this.#first = place;
    this.#last = place;
    this.#size += 1;
    return place;
  }

  shift(): T | undefined {
    const first = this.#first;
    if (first) this.remove(first);
    return first?.item;
  }

  /** @param place in this lane, and not removed yet */
  remove(place: Place<T>): void {
    const { before, after } = place;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    place.before = undefined;
    place.after = undefined;
    this.#size -= 1;
  }
}
