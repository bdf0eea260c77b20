import { expect, test, vi } from 'vitest';
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

test('a claim whose answer was lost on the way is found again when the command is sent again', async () => {
  const claims = claimsOf('w-1');
  const { redis, keys } = context;
  // What ioredis does after a reconnect: the same command a second time, of which the first was done.
  vi.spyOn(redis, 'pipeline').mockImplementationOnce((commands = []) => {
    vi.restoreAllMocks();
    const pipeline = redis.pipeline();
    const twice = redis.pipeline(commands.flatMap((command) => [command, command]));
    vi.spyOn(pipeline, 'exec').mockImplementation(async () => {
      const answers = (await twice.exec()) ?? [];
      return answers.filter((_, at) => at % 2 === 1);
    });
    return pipeline;
  });
  expect(await claims.take([request('a')])).toEqual(new Set(['a']));
  expect(await redis.exists(keys.claim('a'))).toBe(1);
});
