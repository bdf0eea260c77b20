import { expect, test } from 'vitest';
import { CallFlow } from './call-flow.ts';
import { ServiceTimes } from './service-times.ts';
import { SingleCalls } from './single-calls.ts';
import { steady, type Traffic } from './traffic.ts';

const QUICK_REDIS = 1_000_000_000;

function exact(traffic: Traffic, service: ServiceTimes, redisRate = QUICK_REDIS): SingleCalls {
  return new SingleCalls({ traffic, service, redisRate, seed: 3 });
}

test('a queue before one slot waits as theory says (Pollaczek and Khinchine)', () => {
  const load = 0.8;
  const station = exact(steady(load * 100, 2_000), ServiceTimes.fixed(10));
  station.setSlots(1);
  station.advance(2_000_000);
  // Mean wait of M/D/1 is load / (2 (1 - load)) service times; that of all in the system follows from Little's law.
  const meanStay = 10 + (load / (2 * (1 - load))) * 10;
  const within = station.stays.mean / meanStay;
  expect(Math.abs(within - 1)).toBeLessThan(0.05);
});

test('calls that are all there at once wait for a slot in the order in which they came', () => {
  const station = exact(steady(0, 0), ServiceTimes.fixed(10));
  station.setSlots(2);
  station.receive(6);
  station.advance(15);
  expect([station.active, station.waiting, station.oldestWaitMs]).toEqual([2, 2, 15]);
  station.advance(100);
  expect([station.active, station.waiting, station.waits.calls]).toEqual([0, 0, 6]);
  expect(station.waits.worstMs).toBeCloseTo(20);
});

test('fewer slots let those that run go on, and start no more', () => {
  const station = exact(steady(0, 0), ServiceTimes.fixed(10));
  station.setSlots(4);
  station.receive(6);
  station.advance(1);
  station.setSlots(1);
  station.advance(11);
  expect([station.active, station.waiting]).toEqual([1, 1]);
});

test('a Redis that is too slow makes calls wait, however many slots there are', () => {
  const station = exact(steady(200, 10), ServiceTimes.fixed(1), 100);
  station.setSlots(1_000);
  station.advance(10_000);
  expect(station.waits.calls).toBeGreaterThan(980);
  expect(station.waits.calls).toBeLessThanOrEqual(1_000);
  expect(station.oldestWaitMs).toBeGreaterThan(4_000);
});

test('calls that flow wait as single ones do, where they are many', () => {
  const rateAt = (second: number) => (second < 20 ? 4_000 : 1_000);
  const traffic: Traffic = { name: 'overload', seconds: 40, peak: 4_000, rateAt };
  const service = ServiceTimes.fixed(100);
  const single = exact(traffic, service);
  const flow = new CallFlow({ traffic, service, redisRate: QUICK_REDIS, seed: 3 });
  for (const station of [single, flow]) {
    station.setSlots(300);
    station.advance(20_000);
  }
  expect(flow.waiting / single.waiting).toBeCloseTo(1, 1);
  expect(flow.oldestWaitMs / single.oldestWaitMs).toBeCloseTo(1, 1);
  for (const station of [single, flow]) station.advance(40_000);
  expect(flow.active / single.active).toBeCloseTo(1, 0);
  for (const share of [0.5, 0.99]) {
    expect(Math.abs(flow.waits.quantile(share) / single.waits.quantile(share) - 1)).toBeLessThan(0.05);
  }
  expect(flow.waits.calls / single.waits.calls).toBeCloseTo(1, 1);
});
