import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openLoop } from './open-loop.ts';

test('requests are made at their rate, whether or not the earlier ones are answered', async () => {
  let inFlight = 0;
  let most = 0;
  const slow = async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await delay(60);
    inFlight -= 1;
    return 'good';
  };
  const seen = await openLoop(slow, { perSecond: 500, warmUpMs: 0, windowMs: 100 });
  expect(seen['good']?.count).toBe(50);
  expect(most).toBeGreaterThan(10);
  expect(seen['good']?.p50).toBeGreaterThanOrEqual(59);
});

test('a request that is made when it is due is not late', async () => {
  const seen = await openLoop(async () => 'good', { perSecond: 20, warmUpMs: 0, windowMs: 200 });
  expect(seen['good']?.count).toBe(4);
  expect(seen['good']?.p50).toBeLessThan(40);
});

test('answers are told apart, and those of the warm-up do not count', async () => {
  let count = 0;
  const request = async () => {
    count += 1;
    if (count % 2 === 0) throw new Error('no luck');
    return 'good';
  };
  const seen = await openLoop(request, { perSecond: 1_000, warmUpMs: 20, windowMs: 40 });
  expect(count).toBe(60);
  expect([seen['good']?.count, seen['failed: no luck']?.count]).toEqual([20, 20]);
});
