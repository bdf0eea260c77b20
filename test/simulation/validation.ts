import { quantile } from '../bench/recorder.ts';
import { LocalCluster } from './local-cluster.ts';
import { ServiceTimes } from './service-times.ts';
import { SingleCalls } from './single-calls.ts';
import { steady } from './traffic.ts';
import { serviceTimesOf } from './worker-histogram.ts';

export interface ValidationOptions {
  readonly slots: number;
  /** Numbers of workers, ascending. */
  readonly workers: readonly number[];
  /**
   * Calls of a burst for each slot. The model knows no batches, and the last ones may leave some slots idle for a round:
   * so there have to be many rounds.
   */
  readonly rounds: number;
  /** Runs of each size, of which the middle counts: other work on the machine delays one now and then. */
  readonly repeats: number;
  /** Calls one by one, from which the model learns. */
  readonly lone: number;
}

export interface BurstFigures {
  readonly callsPerSecond: number;
  /** From request to answer, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Comparison {
  readonly workers: number;
  readonly predicted: BurstFigures;
  readonly measured: BurstFigures;
  /** The largest difference of a figure, as a share of what was measured. */
  readonly error: number;
}

/** So long that the slots are the limit, also where other programs keep the machine busy. */
const TOOL = 'long_nap';

/**
 * Asks one worker call by call how long the tool takes, predicts from that alone what becomes of bursts on several
 * workers, and then sends those bursts to real ones.
 */
export async function validate(options: ValidationOptions): Promise<Comparison[]> {
  const { slots, workers, rounds, repeats, lone } = options;
  const local = await LocalCluster.start(slots);
  try {
    await local.oneByOne(TOOL, 2);
    const learnt = await learn(local, lone);
    const compared: Comparison[] = [];
    for (const count of workers) {
      await local.growTo(count);
      const calls = count * slots * rounds;
      const predicted = predictBurst({ ...learnt, slots: count * slots, calls });
      compared.push(compare(count, predicted, await measureBurst(local, calls, repeats)));
    }
    return compared;
  } finally {
    await local.stop();
  }
}

async function learn(local: LocalCluster, calls: number) {
  const times: number[] = [];
  const seen = await local.during(TOOL, async () => times.push(...(await local.oneByOne(TOOL, calls))));
  const { meanMs } = serviceTimesOf(seen);
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  const transportMs = Math.max(0, mean - meanMs);
  const samples = times.map((ms) => Math.max(0, ms - transportMs));
  return { service: ServiceTimes.ofSamples(samples, meanMs), transportMs };
}

export interface Burst {
  readonly service: ServiceTimes;
  /** What a call takes beside its tool: through front door, Redis and worker, and back. */
  readonly transportMs: number;
  readonly slots: number;
  readonly calls: number;
}

/** What the model says of calls that all come at the same moment. */
export function predictBurst({ service, transportMs, slots, calls }: Burst): BurstFigures {
  const nothingElse = steady(0, 0);
  const station = new SingleCalls({
    traffic: nothingElse,
    service,
    redisRate: Number.POSITIVE_INFINITY,
    seed: 1,
  });
  station.setSlots(slots);
  station.receive(calls);
  station.advance(Number.MAX_SAFE_INTEGER);
  const { stays } = station;
  return {
    callsPerSecond: (calls * 1000) / (stays.worstMs + transportMs),
    p50Ms: stays.quantile(0.5) + transportMs,
    p99Ms: stays.quantile(0.99) + transportMs,
  };
}

async function measureBurst(local: LocalCluster, calls: number, repeats: number): Promise<BurstFigures> {
  const runs: BurstFigures[] = [];
  for (let run = 0; run < repeats; run += 1) runs.push(figuresOf(await local.allAtOnce(TOOL, calls)));
  const middle = (of: (figures: BurstFigures) => number) =>
    quantile(
      runs.map(of).sort((a, b) => a - b),
      0.5,
    );
  return {
    callsPerSecond: middle(({ callsPerSecond }) => callsPerSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
  };
}

function figuresOf(times: readonly number[]): BurstFigures {
  const sorted = times.toSorted((a, b) => a - b);
  const last = sorted.at(-1) ?? Number.NaN;
  return {
    callsPerSecond: (sorted.length * 1000) / last,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

function compare(workers: number, predicted: BurstFigures, measured: BurstFigures): Comparison {
  const off = (of: keyof BurstFigures) => Math.abs(predicted[of] / measured[of] - 1);
  return { workers, predicted, measured, error: Math.max(off('callsPerSecond'), off('p50Ms'), off('p99Ms')) };
}
