import { demandOf } from '@millrace/broker';
import { CallFlow } from './call-flow.ts';
import { Fleet } from './fleet.ts';
import { type Autoscaling, HorizontalAutoscaler } from './horizontal-autoscaler.ts';
import type { ServiceTimes } from './service-times.ts';
import { SingleCalls } from './single-calls.ts';
import type { Station } from './station.ts';
import type { Traffic } from './traffic.ts';

export interface PoolModel {
  readonly traffic: Traffic;
  readonly service: ServiceTimes;
  /** Calls that one worker runs at the same time. */
  readonly slots: number;
  readonly autoscaling: Autoscaling;
  /** From the decision until a pod takes its first call: scheduling, image, start. */
  readonly podStartSeconds: number;
  /** Calls per second that one Redis passes on. */
  readonly shardRate: number;
  readonly shards: number;
  readonly seed: number;
}

/** One second of the run. */
export interface Moment {
  readonly second: number;
  readonly rate: number;
  readonly replicas: number;
  readonly ready: number;
  readonly waiting: number;
}

export interface PoolOutcome {
  /** Calls that had their turn. */
  readonly calls: number;
  /** Calls that still wait when as much time again has gone by. */
  readonly unserved: number;
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly peakReplicas: number;
  readonly podHours: number;
  /** What as many workers as the most that were ever there cost, all the time. */
  readonly fixedPodHours: number;
  readonly moments: readonly Moment[];
}

/** With more calls than this, calls flow instead of being events. */
const MOST_SINGLE_CALLS = 2_000_000;

/** Runs the traffic through a pool that scales by its demand, second by second; calls have their own, finer time. */
export function runPool(model: PoolModel): PoolOutcome {
  const { traffic, service, slots, autoscaling } = model;
  const station = stationFor(model);
  const autoscaler = new HorizontalAutoscaler(autoscaling);
  const first = Math.ceil((traffic.rateAt(0) * service.meanMs) / 1000 / autoscaling.callsPerReplica);
  const least = Math.max(autoscaling.minReplicas, Math.min(autoscaling.maxReplicas, first));
  const fleet = new Fleet(least, model.podStartSeconds);
  const moments: Moment[] = [];
  const goesOn = (second: number) =>
    second < traffic.seconds || (station.waiting > 0 && second < 2 * traffic.seconds);
  // What waits at the end is waited for, or a queue that only grows would look short.
  for (let second = 0; goesOn(second); second += 1) {
    const { demand } = demandOf(workOf(station), autoscaling.targetWaitMs);
    fleet.scaleTo(autoscaler.decide(second, fleet.replicas, demand), second);
    const ready = fleet.ready(second);
    station.setSlots(ready * slots);
    station.advance((second + 1) * 1000);
    fleet.pay(Math.max(0, station.active - ready * slots), slots);
    const { replicas } = fleet;
    const rate = second < traffic.seconds ? traffic.rateAt(second) : 0;
    moments.push({ second, rate, replicas, ready, waiting: station.waiting });
  }
  return outcomeOf(station, fleet, moments);
}

function stationFor({ traffic, service, shardRate, shards, seed }: PoolModel): Station {
  const options = { traffic, service, redisRate: shardRate * shards, seed };
  const many = traffic.peak * traffic.seconds > MOST_SINGLE_CALLS;
  return many ? new CallFlow(options) : new SingleCalls(options);
}

function workOf({ active, waiting, oldestWaitMs }: Station) {
  return { active, waiting, oldestWaitMs, paused: false };
}

function outcomeOf(station: Station, fleet: Fleet, moments: readonly Moment[]): PoolOutcome {
  const peakReplicas = moments.reduce((most, { replicas }) => Math.max(most, replicas), 0);
  return {
    calls: Math.round(station.waits.calls),
    unserved: station.waiting,
    waitP50Ms: station.waits.quantile(0.5),
    waitP99Ms: station.waits.quantile(0.99),
    peakReplicas,
    podHours: fleet.podSeconds / 3600,
    fixedPodHours: (peakReplicas * moments.length) / 3600,
    moments,
  };
}
