import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Autoscaling } from './horizontal-autoscaler.ts';
import type { Measured } from './measured.ts';
import type { PoolModel } from './pool-run.ts';
import { ServiceTimes } from './service-times.ts';
import { burst, diurnal, ramp, step, type Traffic } from './traffic.ts';

const VALUES = join(import.meta.dirname, '../../helm/millrace/values.yaml');

/** Pods of a known image on a node with room. */
const POD_START_SECONDS = 10;

/** How much of what a Redis can do it is asked for, where shards are counted. */
const SHARD_SHARE = 0.7;

export interface Scenario {
  readonly name: string;
  readonly model: PoolModel;
}

/** The settings that a pool has in the chart, with another most. */
export function chartAutoscaling(maxReplicas: number): { slots: number; autoscaling: Autoscaling } {
  const { slots, autoscaling } = parse(readFileSync(VALUES, 'utf8')).poolDefaults;
  const share = Math.max(1, Math.floor(slots * autoscaling.targetUtilization));
  const callsPerReplica: number = autoscaling.callsPerReplica ?? share;
  return { slots, autoscaling: { ...autoscaling, callsPerReplica, maxReplicas } };
}

export function shardsFor(peak: number, shardRate: number): number {
  return Math.ceil(peak / (SHARD_SHARE * shardRate));
}

/** @param measured what real processes did */
export function scenarios(measured: Measured): Scenario[] {
  const service = ServiceTimes.ofBuckets(measured.buckets, measured.meanMs);
  const shardRate = measured.redisCallsPerSecond;
  const model = (traffic: Traffic, maxReplicas: number): PoolModel => ({
    traffic,
    service,
    ...chartAutoscaling(maxReplicas),
    podStartSeconds: POD_START_SECONDS,
    shardRate,
    shards: shardsFor(traffic.peak, shardRate),
    seed: 7,
  });
  return [
    { name: 'step', model: model(step(3_000, 1_200), 40) },
    { name: 'ramp', model: model(ramp(3_000, 1_800), 40) },
    { name: 'burst', model: model(burst(3_000, 1_200), 40) },
    { name: 'diurnal', model: model(diurnal(3_000, 86_400), 40) },
    { name: 'step-1M', model: model(step(1_000_000, 1_200), 10_000) },
    { name: 'diurnal-1M', model: model(diurnal(1_000_000, 86_400), 10_000) },
    { name: 'slots-16-1M', model: fewSlots(model(diurnal(1_000_000, 86_400), 10_000), 16) },
  ];
}

/** The same with smaller workers, of which there have to be more. */
function fewSlots(model: PoolModel, slots: number): PoolModel {
  const callsPerReplica = Math.floor((slots * model.autoscaling.callsPerReplica) / model.slots);
  return { ...model, slots, autoscaling: { ...model.autoscaling, callsPerReplica } };
}
