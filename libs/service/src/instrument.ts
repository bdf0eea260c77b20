export interface Instrument {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** By the rules of Prometheus: base units, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds; in seconds for durations. */
  readonly buckets?: readonly number[];
}

export const DURATION = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60,
] as const;
export const WAIT = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60] as const;
export const SIZES = [1, 2, 4, 8, 16, 32, 64, 128] as const;
