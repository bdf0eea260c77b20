import { createMetrics } from '@millrace/service';
import { expect, onTestFinished, test } from 'vitest';
import { observeRedis } from './observe-redis.ts';
import { RedisProbe } from './redis-probe.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();

async function figures(metrics: ReturnType<typeof createMetrics>) {
  const { redisUp, redisRoundTrip, redisMemory } = metrics;
  const all = await Promise.all([redisUp, redisRoundTrip, redisMemory].map((gauge) => gauge.get()));
  return all.map(({ values }) => values[0]?.value ?? Number.NaN);
}

test('it tells how fast Redis answers and what memory it uses', async () => {
  const probe = new RedisProbe(context.source);
  onTestFinished(() => probe.stop());
  await probe.start();
  const metrics = createMetrics();
  await observeRedis(probe, metrics);
  const [up, roundTrip, memory] = await figures(metrics);
  expect(up).toBe(1);
  expect(roundTrip).toBeGreaterThan(0);
  expect(roundTrip).toBeLessThan(5);
  expect(memory).toBeGreaterThan(100_000);
});

test('a Redis that does not answer is down', async () => {
  const probe = new RedisProbe(context.source);
  await probe.start();
  await probe.stop();
  const metrics = createMetrics();
  metrics.redisUp.set(1);
  await observeRedis(probe, metrics);
  expect((await figures(metrics))[0]).toBe(0);
  await expect(probe.ping()).rejects.toThrow();
});

test('a user who may not ask for the memory is no reason to call Redis down', async () => {
  const name = `probe-${context.keys.prefix}`;
  await context.redis.call('ACL', 'SETUSER', name, 'on', '>secret', '+@all', '-info');
  onTestFinished(async () => void (await context.redis.call('ACL', 'DELUSER', name)));
  const url = new URL(context.source.url);
  Object.assign(url, { username: name, password: 'secret' });
  const probe = new RedisProbe({ ...context.source, url: url.href });
  onTestFinished(() => probe.stop());
  await probe.start();
  const { memory, roundTripMs } = await probe.condition();
  expect(memory).toBeUndefined();
  expect(roundTripMs).toBeGreaterThan(0);
});
