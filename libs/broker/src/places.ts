interface Place<T> {
  readonly key: string;
  item: T;
  next: Place<T> | undefined;
}

/** A power of two; with more entries than this each is found a little later. */
const BUCKETS = 2_048;

/**
 * A table for things that come and go quickly. What is removed can be collected at once. A `Map` that is filled and
 * emptied at a high rate makes one table after the other, each of which V8 lets hold on to the next: so keys and items
 * that are long gone fill the memory until the next full collection.
 */
export class Places<T extends object> {
  readonly #buckets = new Array<Place<T> | undefined>(BUCKETS).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#find(key, bucketOf(key))?.item;
  }

  set(key: string, item: T): void {
    this.#place(key, item).item = item;
  }

  /** @returns what is there, or else the item, which then is */
  getOrAdd(key: string, item: T): T {
    return this.#place(key, item).item;
  }

  /** @param item that alone is removed; whatever is there unless given */
  delete(key: string, item?: T): void {
    const bucket = bucketOf(key);
    let before: Place<T> | undefined;
    for (let place = this.#buckets[bucket]; place; before = place, place = place.next) {
      if (place.key !== key) continue;
      if (item !== undefined && place.item !== item) return;
      if (before) before.next = place.next;
      else this.#buckets[bucket] = place.next;
      this.#size -= 1;
      return;
    }
  }

  keys(): string[] {
    return this.#places().map(({ key }) => key);
  }

  items(): T[] {
    return this.#places().map(({ item }) => item);
  }

  #place(key: string, item: T): Place<T> {
    const bucket = bucketOf(key);
    const found = this.#find(key, bucket);
    if (found) return found;
    const place = { key, item, next: this.#buckets[bucket] };
    this.#buckets[bucket] = place;
    this.#size += 1;
    return place;
  }

  #find(key: string, bucket: number): Place<T> | undefined {
    let place = this.#buckets[bucket];
    while (place && place.key !== key) place = place.next;
    return place;
  }

  #places(): Place<T>[] {
    const places: Place<T>[] = [];
    for (const first of this.#buckets) for (let place = first; place; place = place.next) places.push(place);
    return places;
  }
}

/** A multiplicative hash: keys differ in few characters, mostly the last ones. */
function bucketOf(key: string): number {
  let hash = key.length;
  for (let at = 0; at < key.length; at += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
}
