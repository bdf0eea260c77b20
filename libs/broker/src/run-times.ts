/** Weight of the newest observation in the moving average. */
const WEIGHT = 0.2;

/** What an unknown target is taken to need, in milliseconds: neither nearly alone nor in dozens. */
const UNKNOWN_MS = 10;

/** Targets remembered at most; URIs of resources are not bounded by the catalogue. */
const CAPACITY = 10_000;

/** How long calls of each target ran recently, learnt from the replies. */
export class RunTimes {
  readonly #means = new Map<string, number>();

  /** @returns expected run time in milliseconds */
  expected(target: string): number {
    return this.#means.get(target) ?? UNKNOWN_MS;
  }

  /** @param runMs observed run time in milliseconds */
  learn(target: string, runMs: number): void {
    const mean = this.#means.get(target);
    if (mean === undefined && this.#means.size >= CAPACITY) this.#means.clear();
    this.#means.set(target, mean === undefined ? runMs : mean + WEIGHT * (runMs - mean));
  }
}
