/** Weight of the newest run in the moving average of run times. */
const WEIGHT = 0.1;

/** Calls that must have been seen leaving a busy pool before that counts for more than a guess. */
const ENOUGH = 8;

/** After this time, or so many runs, what was seen counts half, in milliseconds. */
const HALF_LIFE_MS = 2_000;
const HALF_LIFE_RUNS = 8;

/** What was seen of a pool for a while. */
export interface Observation {
  /** Calls that were answered. */
  readonly done: number;
  readonly ms: number;
  readonly slots: number;
  /** Whether all slots had work all the time: only then do the answers tell what the pool can do. */
  readonly saturated: boolean;
}

/**
 * How fast a pool works off its calls: as it was seen doing so while it had all hands full, else as its slots and the
 * run times of its calls promise, which is too much for tools that need the processor.
 */
export class DrainRate {
  #runMs: number | undefined;
  #done = 0;
  #slotMs = 0;

  /** Mean run time in milliseconds; undefined until a call was run. */
  get runMs(): number | undefined {
    return this.#runMs;
  }

  /** @param runMs of a call that ended */
  ran(runMs: number): void {
    this.#runMs = this.#runMs === undefined ? runMs : this.#runMs + WEIGHT * (runMs - this.#runMs);
  }

  observe({ done, ms, slots, saturated }: Observation): void {
    const halfLifeMs = Math.max(HALF_LIFE_MS, HALF_LIFE_RUNS * (this.#runMs ?? 0));
    const kept = 0.5 ** (ms / halfLifeMs);
    this.#done = this.#done * kept + (saturated ? done : 0);
    this.#slotMs = this.#slotMs * kept + (saturated ? ms * slots : 0);
  }

  /**
   * @param slots that the pool has now
   * @returns calls for each millisecond; undefined as long as nothing is known
   */
  perMs(slots: number): number | undefined {
    if (slots === 0) return undefined;
    if (this.#done >= ENOUGH) return (this.#done / this.#slotMs) * slots;
    return this.#runMs === undefined ? undefined : slots / this.#runMs;
  }
}
