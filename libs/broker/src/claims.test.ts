import { expect, test } from 'vitest';
import { Claims } from './claims.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const claimsOf = (worker: string) => new Claims(context.redis, context.keys, worker);
const request = (call: string, inMs = 1_000) => ({ call, deadline: Date.now() + inMs });

test('whoever claims a call first may run it', async () => {
  expect(await claimsOf('w-1').take([request('a'), request('b')])).toEqual(new Set(['a', 'b']));
  expect(await claimsOf('w-2').take([request('b'), request('c')])).toEqual(new Set(['c']));
});

test('nobody claims a call twice, not even the same worker', async () => {
  const claims = claimsOf('w-1');
  await claims.take([request('a')]);
  expect(await claims.take([request('a')])).toEqual(new Set());
});

test('of workers that claim at the same time one gets the call', async () => {
  const taken = await Promise.all(
    ['w-1', 'w-2', 'w-3'].map((worker) => claimsOf(worker).take([request('a')])),
  );
  expect(taken.map((calls) => calls.size).toSorted()).toEqual([0, 0, 1]);
});

test.each([
  ['a call that still has time', 30_000, 90_000],
  ['a call past its deadline', -30_000, 60_000],
])('the claim of %s stays a minute longer than that', async (_, inMs, expected) => {
  await claimsOf('w-1').take([request('a', inMs)]);
  const ttl = await context.redis.pttl(context.keys.claim('a'));
  expect(ttl).toBeGreaterThan(expected - 5_000);
  expect(ttl).toBeLessThanOrEqual(expected);
});
