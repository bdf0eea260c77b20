import { expect, test } from 'vitest';
import { type Autoscaling, HorizontalAutoscaler } from './horizontal-autoscaler.ts';
import { chartAutoscaling } from './scenarios.ts';

/** Lets the autoscaler look each second. @returns replicas at each sync of the HPA */
function follow(
  demandAt: (second: number) => number,
  seconds: number,
  changed: Partial<Autoscaling> = {},
  from = 1,
): number[] {
  const settings = { ...chartAutoscaling(100).autoscaling, callsPerReplica: 10, ...changed };
  const autoscaler = new HorizontalAutoscaler(settings);
  const seen: number[] = [];
  let replicas = from;
  for (let second = 0; second < seconds; second += 1) {
    replicas = autoscaler.decide(second, replicas, demandAt(second));
    if (second % 15 === 0) seen.push(replicas);
  }
  return seen;
}

test('the settings are those of the chart', () => {
  const { slots, autoscaling } = chartAutoscaling(40);
  expect(slots).toBe(64);
  expect(autoscaling).toMatchObject({ callsPerReplica: 48, targetWaitMs: 1_000, maxReplicas: 40 });
});

test('it asks for demand over target, rounded up', () => {
  expect(follow(() => 31, 1, {}, 2)).toEqual([4]);
});

test('within a tenth of the target it leaves things as they are', () => {
  expect(follow(() => 109, 16, {}, 10)).toEqual([10, 10]);
  expect(follow(() => 112, 16, {}, 10)).toEqual([12, 12]);
});

test('up goes at once, by 4 pods or twice as many in 15 s, to the most', () => {
  expect(follow(() => 10_000, 91)).toEqual([5, 10, 20, 40, 80, 100, 100]);
});

test('down goes only after 300 s in which fewer were enough, and by a fifth a minute', () => {
  const seen = follow((second) => (second === 0 ? 1_000 : 0), 421, {}, 100);
  // The last sync that asked for 100 has to be older than the window.
  expect(seen.slice(0, 20).every((replicas) => replicas === 100)).toBe(true);
  expect(seen.slice(20)).toEqual([80, 80, 80, 80, 64, 64, 64, 64, 51]);
});

test('a pool that may be at zero gets its first worker at a poll, and loses the last after the cooldown', () => {
  const zero = { minReplicas: 0 };
  expect(follow((second) => (second >= 1 ? 5 : 0), 16, zero, 0)).toEqual([0, 1]);
  const seen = follow((second) => (second === 0 ? 5 : 0), 331, zero);
  expect(seen[19]).toBe(1);
  expect(seen[20]).toBe(0);
});
