import { expect, test } from 'vitest';
import { DrainRate } from './drain-rate.ts';

const BUSY = { ms: 500, slots: 4, saturated: true };

test('nothing is known of a pool that has run nothing', () => {
  expect(new DrainRate().perMs(4)).toBeUndefined();
});

test('at first its slots and run times tell what it can do', () => {
  const rate = new DrainRate();
  rate.ran(100);
  expect(rate.perMs(4)).toBe(0.04);
  expect(rate.perMs(0)).toBeUndefined();
});

test('what it was seen doing with its hands full counts for more', () => {
  const rate = new DrainRate();
  rate.ran(10);
  for (let n = 0; n < 4; n += 1) rate.observe({ ...BUSY, done: 50 });
  expect(rate.perMs(4)).toBeCloseTo(0.1);
});

test('what it did with too little to do tells nothing', () => {
  const rate = new DrainRate();
  rate.ran(10);
  for (let n = 0; n < 100; n += 1) rate.observe({ ...BUSY, done: 50, saturated: false });
  expect(rate.perMs(4)).toBe(0.4);
});

test('with more slots it does more', () => {
  const rate = new DrainRate();
  rate.observe({ ...BUSY, done: 50 });
  expect(rate.perMs(8)).toBeCloseTo(0.2);
});

test('what was seen long ago is forgotten', () => {
  const rate = new DrainRate();
  rate.ran(10);
  rate.observe({ ...BUSY, done: 50 });
  for (let n = 0; n < 20; n += 1) rate.observe({ ...BUSY, done: 0, saturated: false });
  expect(rate.perMs(4)).toBe(0.4);
});

test('a pool of slow tools is watched for long enough to see some of them end', () => {
  const rate = new DrainRate();
  rate.ran(10_000);
  // One call ends every two seconds or so.
  for (let n = 0; n < 160; n += 1) rate.observe({ ...BUSY, done: n % 4 === 0 ? 1 : 0 });
  expect(rate.perMs(4)).toBeGreaterThan(0.0004);
  expect(rate.perMs(4)).toBeLessThan(0.0006);
});
