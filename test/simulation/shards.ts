import type { Measured } from './measured.ts';
import { runPool } from './pool-run.ts';
import { chartAutoscaling, shardsFor } from './scenarios.ts';
import { ServiceTimes } from './service-times.ts';
import { steady } from './traffic.ts';

/** Waits at one rate with one number of shards, with workers enough. */
export interface ShardPoint {
  readonly shards: number;
  readonly rate: number;
  readonly waitP99Ms: number;
}

const SHARDS = [1, 2, 4, 8, 16] as const;
const STEPS_PER_DECADE = 20;
const SECONDS = 60;

/** Rates from 100,000 to a million calls per second, through each number of shards, for a minute. */
export function sweepShards(measured: Measured): ShardPoint[] {
  const rates = Array.from({ length: STEPS_PER_DECADE + 1 }, (_, at) => 10 ** (5 + at / STEPS_PER_DECADE));
  return SHARDS.flatMap((shards) =>
    rates.map((rate) => ({ shards, rate, waitP99Ms: waitAt(measured, shards, rate) })),
  );
}

/** What Redis alone makes calls wait, as no other part is short of anything. */
function waitAt({ buckets, meanMs, redisCallsPerSecond }: Measured, shards: number, rate: number): number {
  const service = ServiceTimes.ofBuckets(buckets, meanMs);
  const { slots, autoscaling } = chartAutoscaling(10_000);
  const minReplicas = Math.ceil((2 * rate * meanMs) / 1000 / slots);
  return runPool({
    traffic: steady(rate, SECONDS),
    service,
    slots,
    autoscaling: { ...autoscaling, minReplicas },
    podStartSeconds: 0,
    shardRate: redisCallsPerSecond,
    shards,
    seed: 7,
  }).waitP99Ms;
}

/** From which rate on a pool needs one more shard, if each is asked for no more than it can well do. */
export function shardEnds(measured: Measured, rates: readonly number[]): { rate: number; shards: number }[] {
  return rates.map((rate) => ({ rate, shards: shardsFor(rate, measured.redisCallsPerSecond) }));
}
