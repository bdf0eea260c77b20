/** Buckets grow by this factor, so a quantile is wrong by 2 % at most. */
const GROWTH = 1.02;
const LEAST_MS = 0.1;

/** Queue waits of any number of calls, kept in buckets. */
export class WaitRecord {
  readonly #counts: number[] = [];
  #calls = 0;
  #sumMs = 0;
  #worstMs = 0;

  /** @param calls how many waited that long, which may be a part of one where calls flow */
  add(ms: number, calls = 1): void {
    const at = ms <= LEAST_MS ? 0 : Math.ceil(Math.log(ms / LEAST_MS) / Math.log(GROWTH));
    this.#counts[at] = (this.#counts[at] ?? 0) + calls;
    this.#calls += calls;
    this.#sumMs += ms * calls;
    this.#worstMs = Math.max(this.#worstMs, ms);
  }

  get calls(): number {
    return this.#calls;
  }

  get mean(): number {
    return this.#sumMs / this.#calls;
  }

  get worstMs(): number {
    return this.#worstMs;
  }

  /** Milliseconds; 0 of nothing, and of what waited for less than a tenth. */
  quantile(share: number): number {
    let left = share * this.#calls;
    // A loop with an index: `findIndex` and `reduce` treat the holes of the array differently.
    for (let at = 0; at < this.#counts.length; at += 1) {
      left -= this.#counts[at] ?? 0;
      if (left <= 1e-9 && this.#counts[at])
        return at === 0 ? 0 : Math.min(this.#worstMs, LEAST_MS * GROWTH ** at);
    }
    return this.#worstMs;
  }
}
