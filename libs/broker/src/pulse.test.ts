import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RedisProxy } from '../../../test/support/redis-proxy.ts';
import { keepPulse } from './pulse.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();

/** A connection with a quick pulse, by a way to Redis that can swallow all that is sent. */
async function connect({ swallowed = false } = {}) {
  const proxy = await RedisProxy.start(context.source.url);
  if (swallowed) proxy.swallow();
  const redis = new Redis(proxy.url, { retryStrategy: () => 10, maxRetriesPerRequest: null });
  keepPulse(redis, { everyMs: 20, patience: 3 });
  onTestFinished(async () => {
    redis.disconnect();
    await proxy.stop();
  });
  const seen = { connect: 0, ready: 0, close: 0 };
  for (const event of ['connect', 'ready', 'close'] as const) {
    redis.on(event, () => {
      seen[event] += 1;
    });
  }
  // That they break is what this is about.
  redis.on('error', () => undefined);
  if (!swallowed) await vi.waitUntil(() => seen.ready === 1);
  return { proxy, redis, seen };
}

test.each(['commands', 'a subscriber'])('a dead connection of %s is made anew', async (kind) => {
  const { proxy, redis, seen } = await connect();
  if (kind === 'a subscriber') await redis.subscribe('news');
  proxy.swallow();
  await vi.waitUntil(() => seen.close > 0);
  proxy.mend();
  await vi.waitUntil(() => seen.ready === 2);
  if (kind === 'commands') expect(await redis.ping()).toBe('PONG');
  else expect(await redis.subscribe('news')).toBe(1);
});

test('a new connection on which nothing comes is given up', async () => {
  const { proxy, redis, seen } = await connect({ swallowed: true });
  await vi.waitUntil(() => seen.connect > 1);
  proxy.mend();
  expect(await redis.ping()).toBe('PONG');
});

test('a connection that is opened again after its end is watched again', async () => {
  const { proxy, redis, seen } = await connect();
  const ended = new Promise((resolve) => redis.once('end', resolve));
  redis.disconnect();
  await ended;
  proxy.swallow();
  redis.connect().catch((error: Error) => expect(error.message).toBe('Connection is closed.'));
  await vi.waitUntil(() => seen.connect > 2);
  proxy.mend();
  expect(await redis.ping()).toBe('PONG');
});

test('a living connection is left alone', async () => {
  const { redis, seen } = await connect();
  let answers = 0;
  redis.stream.on('data', () => {
    answers += 1;
  });
  await vi.waitUntil(() => answers > 5);
  expect(seen.close).toBe(0);
});
