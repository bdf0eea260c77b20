import { expect, test } from 'vitest';
import { Fleet } from './fleet.ts';
import { type PoolModel, runPool } from './pool-run.ts';
import { chartAutoscaling } from './scenarios.ts';
import { ServiceTimes } from './service-times.ts';
import { step, type Traffic } from './traffic.ts';

function model(traffic: Traffic, changed: Partial<PoolModel> = {}): PoolModel {
  return {
    traffic,
    service: ServiceTimes.fixed(100),
    ...chartAutoscaling(10_000),
    podStartSeconds: 10,
    shardRate: 100_000,
    shards: 20,
    seed: 1,
    ...changed,
  };
}

test('a pod takes work once it has started, is paid from the start, and the youngest goes first', () => {
  const fleet = new Fleet(1, 10);
  fleet.scaleTo(3, 5);
  expect([fleet.replicas, fleet.ready(14), fleet.ready(15)]).toEqual([3, 1, 3]);
  fleet.pay(5, 4);
  expect(fleet.podSeconds).toBe(5);
  fleet.scaleTo(4, 16);
  fleet.scaleTo(3, 17);
  expect(fleet.ready(17)).toBe(3);
});

test('after a step the workers catch up, and every call has its turn', () => {
  const outcome = runPool(model(step(3_000, 600)));
  expect(outcome.unserved).toBe(0);
  // Poisson: four standard deviations around what arrives on average.
  const mean = 3_000 * (300 + 30);
  expect(Math.abs(outcome.calls - mean)).toBeLessThan(4 * Math.sqrt(mean));
  expect(outcome.waitP99Ms).toBeGreaterThan(1_000);
  expect(outcome.peakReplicas).toBeGreaterThanOrEqual(Math.ceil(300 / 64));
  expect(outcome.moments.at(300)?.waiting).toBeLessThan(50);
  expect(outcome.podHours).toBeLessThan(outcome.fixedPodHours);
});

test('workers that start sooner make fewer calls wait', () => {
  const late = runPool(model(step(3_000, 300), { podStartSeconds: 40 }));
  const soon = runPool(model(step(3_000, 300), { podStartSeconds: 2 }));
  expect(soon.waitP99Ms).toBeLessThan(late.waitP99Ms / 1.5);
});

test('a million calls a second on thousands of workers, with none lost', () => {
  const { autoscaling } = chartAutoscaling(10_000);
  const small = { slots: 16, autoscaling: { ...autoscaling, callsPerReplica: 12 } };
  const outcome = runPool(model(step(1_000_000, 600), small));
  expect(outcome).toMatchObject({ calls: 330_000_000, unserved: 0, peakReplicas: 10_000 });
});

test('one Redis is too little for what several can do, however many workers there are', () => {
  const enough = runPool(model(step(300_000, 200), { shards: 4 }));
  const one = runPool(model(step(300_000, 200), { shards: 1 }));
  expect(one.waitP99Ms).toBeGreaterThan(3 * enough.waitP99Ms);
  expect(one.waitP99Ms).toBeGreaterThan(60_000);
});
