import { expect, test } from 'vitest';
import { redisIsAway, redisIsFull, redisRefused } from './redis-failure.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();

const failureOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);

async function withoutMemory<T>(work: () => Promise<T>): Promise<T> {
  await context.redis.config('SET', 'maxmemory', '1');
  try {
    return await work();
  } finally {
    await context.redis.config('SET', 'maxmemory', '0');
  }
}

test('what is refused for want of memory was not done', async () => {
  const { redis } = context;
  const error = await withoutMemory(() => failureOf(redis.set('a', '1', 'PX', 1_000)));
  expect([redisIsFull(error), redisRefused(error), redisIsAway(error)]).toEqual([true, true, false]);
  expect(await redis.exists('a')).toBe(0);
});

test('a transaction that is refused for want of memory is recognised, too', async () => {
  const { redis } = context;
  const error = await withoutMemory(() => failureOf(redis.multi().set('a', '1', 'PX', 1_000).exec()));
  expect([redisIsFull(error), redisRefused(error)]).toEqual([true, true]);
});

test('so is a server that became a replica, and what a user may not do', async () => {
  const { redis } = context;
  await redis.replicaof('127.0.0.1', '1');
  const error = await failureOf(redis.set('a', '1', 'PX', 1_000));
  await redis.replicaof('NO', 'ONE');
  expect([redisIsFull(error), redisRefused(error)]).toEqual([false, true]);
});

test('a wrong command is neither', async () => {
  const { redis } = context;
  await redis.set('text', 'x', 'PX', 1_000);
  const error = await failureOf(redis.hget('text', 'field'));
  expect([redisIsFull(error), redisRefused(error), redisIsAway(error)]).toEqual([false, false, false]);
  expect([redisIsAway(undefined), redisRefused('OOM ')]).toEqual([false, false]);
});

test('a connection that is gone is away', async () => {
  const redis = context.redis.duplicate({ enableOfflineQueue: false });
  redis.disconnect();
  expect(redisIsAway(await failureOf(redis.get('a')))).toBe(true);
});
