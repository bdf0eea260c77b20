/** What one call adds to the budget: so retries are at most a tenth of the calls. */
const SHARE = 0.1;

/** Retries that are saved up at most. */
const MOST = 100;

/** Retries that also a tool with little traffic has, and gets back within a minute. */
const LEAST = 10;
const LEAST_PER_MS = LEAST / 60_000;

/** A bucket of tokens, one for each retry, so that retries cannot multiply the load of a tool that is failing. */
export class RetryBudget {
  readonly #now: () => number;
  #tokens = LEAST;
  #filledAt: number;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#filledAt = now();
  }

  /** A call was made: it pays for a tenth of a retry. */
  deposit(): void {
    this.#tokens = Math.min(MOST, this.#tokens + SHARE);
  }

  /** @returns whether there is a retry left; then it is taken */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Time alone fills the bucket only as far as the least. */
  #fill(): void {
    const now = this.#now();
    const filled = this.#tokens + (now - this.#filledAt) * LEAST_PER_MS;
    if (this.#tokens < LEAST) this.#tokens = Math.min(LEAST, filled);
    this.#filledAt = now;
  }
}
