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

  /**
   * What one call adds to the work of a job when several share a run: as many as one run takes can always travel
   * together, however long it is.
   *
   * @param sharedBy calls of one run at most
   * @param jobMs work that one job may hold, in milliseconds
   */
  share(target: string, sharedBy: number, jobMs: number): number {
    return Math.min(this.expected(target), jobMs) / sharedBy;
  }

  /** @param runMs observed run time in milliseconds */
  learn(target: string, runMs: number): void {
    const mean = this.#means.get(target);
    if (mean === undefined && this.#means.size >= CAPACITY) this.#means.clear();
    this.#means.set(target, mean === undefined ? runMs : mean + WEIGHT * (runMs - mean));
  }
}
