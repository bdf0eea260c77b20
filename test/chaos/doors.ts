import type { Random } from './random.ts';

/** The front doors as a client knows them: it stays with one until that fails it. */
export class Doors {
  readonly urls: readonly string[];
  #current: number;

  constructor(urls: readonly string[], random: Random) {
    this.urls = urls;
    this.#current = Math.floor(random.next() * urls.length);
  }

  get current(): number {
    return this.#current;
  }

  urlOf(door: number): string {
    return this.urls[door] ?? '';
  }

  /** Goes elsewhere, unless somebody else has already. */
  leave(door: number): void {
    if (this.#current === door) this.#current = (door + 1) % this.urls.length;
  }
}
