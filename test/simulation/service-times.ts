import type { Random } from '../chaos/random.ts';

/** The calls of a histogram up to a bound, in seconds, as Prometheus counts them. */
export interface Bucket {
  readonly upTo: number;
  readonly calls: number;
}

/** How long a tool holds a slot, in milliseconds: drawn from what was measured. */
export class ServiceTimes {
  readonly meanMs: number;
  /** Bounds and the share of calls below each, ascending. */
  readonly #curve: readonly (readonly [ms: number, share: number])[];
  readonly #scale: number;

  /** @param meanMs what the curve is stretched to */
  private constructor(curve: readonly Point[], meanMs: number) {
    this.#curve = curve;
    this.meanMs = meanMs;
    this.#scale = meanMs / meanOf(curve);
  }

  /**
   * @param buckets cumulative, ascending, with bounds in seconds
   * @param meanMs what sum over count of the histogram says, which is exact where buckets are coarse
   */
  static ofBuckets(buckets: readonly Bucket[], meanMs: number): ServiceTimes {
    const total = buckets.at(-1)?.calls ?? 0;
    if (total === 0) throw new Error('the histogram of service times has counted no calls');
    const finite = buckets.filter(({ upTo }) => Number.isFinite(upTo));
    const curve = finite.map(({ upTo, calls }) => [upTo * 1000, calls / total] as const);
    return new ServiceTimes([[0, 0], ...curve], meanMs);
  }

  /** As even as some calls were that were timed one by one, whatever else their times hold. */
  static ofSamples(timesMs: readonly number[], meanMs: number): ServiceTimes {
    const sorted = timesMs.toSorted((a, b) => a - b);
    const curve = sorted.flatMap((ms, at) => [
      [ms, at / sorted.length] as const,
      [ms, (at + 1) / sorted.length] as const,
    ]);
    return new ServiceTimes(curve, meanMs);
  }

  /** Every call takes the same time. */
  static fixed(ms: number): ServiceTimes {
    return ServiceTimes.ofSamples([ms], ms);
  }

  draw(random: Random): number {
    const share = random.next();
    const at = this.#curve.findIndex(([, below]) => below > share);
    if (at < 1) return (this.#curve.at(-1)?.[0] ?? this.meanMs) * this.#scale;
    const [low, high] = [this.#curve[at - 1] as Point, this.#curve[at] as Point];
    return (low[0] + ((share - low[1]) / (high[1] - low[1])) * (high[0] - low[0])) * this.#scale;
  }
}

type Point = readonly [ms: number, share: number];

/** Of calls spread evenly within each bucket; those above the last bound count as that bound. */
function meanOf(curve: readonly Point[]): number {
  const last = curve.at(-1) as Point;
  const within = curve.slice(1).reduce((sum, [ms, share], at) => {
    const [before, below] = curve[at] as Point;
    return sum + ((ms + before) / 2) * (share - below);
  }, 0);
  return within + last[0] * (1 - last[1]);
}
