import { FAULT_NAMES, type FaultName } from './fault-names.ts';

/** How large a run is, and what is done to it. Times in milliseconds. */
export interface Plan {
  readonly seed: number;
  readonly durationMs: number;
  /** Between two faults, on average. */
  readonly faultEveryMs: number;
  readonly faults: readonly FaultName[];
  readonly frontDoors: number;
  readonly workers: number;
  readonly producers: number;
  /** Calls that a producer makes at the same time. */
  readonly agents: number;
  /** Between two calls of one agent, on average. */
  readonly gapMs: number;
  /** How long a call may take. */
  readonly callTimeoutMs: number;
  /** What there has to be for the run to say something. */
  readonly least?: { readonly accepted: number; readonly tasks: number };
}

export const SIZES = {
  /** Inside `npm test`. */
  tiny: { durationMs: 26_000, faultEveryMs: 1_500, frontDoors: 2, workers: 4, producers: 3, agents: 4 },
  short: { durationMs: 120_000, faultEveryMs: 2_000, frontDoors: 2, workers: 6, producers: 5, agents: 8 },
  /** Some faults find nobody to whom they can be done: so there is one every two seconds. */
  long: {
    durationMs: 300_000,
    faultEveryMs: 1_650,
    frontDoors: 2,
    workers: 6,
    producers: 5,
    agents: 16,
    least: { accepted: 20_000, tasks: 500 },
  },
} as const;

export interface PlanOptions {
  readonly size: keyof typeof SIZES;
  readonly seed: number;
  readonly only?: readonly FaultName[];
}

export function makePlan({ size, seed, only = FAULT_NAMES }: PlanOptions): Plan {
  return { ...SIZES[size], seed, faults: only, gapMs: 300, callTimeoutMs: 12_000 };
}
