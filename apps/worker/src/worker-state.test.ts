import { findRedis, Keys, type LocalRedis, startPrivateRedis } from '@millrace/broker';
import { createLogger, createMetrics } from '@millrace/service';
import { expect, onTestFinished, test } from 'vitest';
import { loadWorkerConfig } from './config.ts';
import { WorkerState } from './worker-state.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const caller = { tenant: 'acme', principal: 'ada', namespace: 'n', session: 's' };

async function stateOn(
  redis: LocalRedis,
  env: Record<string, string> = {},
  metrics = createMetrics(),
): Promise<WorkerState> {
  const state = new WorkerState({
    settings: loadWorkerConfig({ env: { REDIS_URL: redis.url, ...env } }),
    source: { url: redis.url, logger },
    keys: new Keys('test-worker-state'),
    metrics,
  });
  await state.start();
  onTestFinished(() => state.stop());
  return state;
}

async function privateRedis(): Promise<LocalRedis> {
  const redis = await findRedis({ url: undefined });
  onTestFinished(() => redis.stop());
  return redis;
}

test('what Redis cannot take is told at once, and can be tried again when Redis is back', async () => {
  const redis = await privateRedis();
  const state = await stateOn(redis);
  const kept = state.contexts.open(caller);
  await kept.set('k', 1);
  await redis.stop();
  const began = Date.now();
  const away = { name: 'StateError', reason: 'unavailable', retryable: true };
  await expect(kept.set('k', 2)).rejects.toMatchObject(away);
  await expect(kept.get('k')).rejects.toMatchObject(away);
  await expect(
    state.events.append({ tenant: 'acme', aggregate: 'a' }, 0, [{ type: 't', data: '1' }]),
  ).rejects.toMatchObject(away);
  await expect(state.check.run()).rejects.toThrow('does not answer');
  expect(Date.now() - began).toBeLessThan(5_000);

  const again = await startPrivateRedis({ port: Number(new URL(redis.url).port) });
  onTestFinished(() => again.stop());
  await expect.poll(() => kept.set('k', 3).catch(() => undefined), { timeout: 10_000 }).toBeDefined();
  expect(await kept.get('k')).toBe(3);
});

test('a hybrid store without a database is memory in front of Redis, for all workers together', async () => {
  const redis = await privateRedis();
  const env = { MILLRACE_STATE_STORE: 'hybrid' };
  const metrics = createMetrics();
  const [here, there] = await Promise.all([stateOn(redis, env), stateOn(redis, env, metrics)]);
  await here.contexts.open(caller).set('k', 1);
  const hit = 'millrace_state_memory_reads_total{outcome="hit"} 1';
  const readOnce = async () => {
    expect(await there.contexts.open(caller).get('k')).toBe(1);
    return metrics.registry.metrics();
  };
  // The news of the write may come after the first read, which is forgotten then.
  await expect.poll(readOnce).toContain(hit);
  expect(await metrics.registry.metrics()).toMatch(
    /millrace_state_operations_total\{operation="get",outcome="ok"\} [2-9]/,
  );
  await here.contexts.open(caller).set('k', 2);
  await expect.poll(() => there.contexts.open(caller).get('k')).toBe(2);
});

test('a memory store is that of the worker alone', async () => {
  const redis = await privateRedis();
  const env = { MILLRACE_STATE_STORE: 'memory' };
  const [here, there] = await Promise.all([stateOn(redis, env), stateOn(redis, env)]);
  await here.contexts.open(caller).set('k', 1);
  expect(await here.contexts.open(caller).get('k')).toBe(1);
  expect(await there.contexts.open(caller).get('k')).toBeUndefined();
});

test('a database inside the process keeps state and events', async () => {
  const env = { MILLRACE_STATE_STORE: 'postgres', MILLRACE_STATE_DATABASE_URL: 'pglite:' };
  const state = await stateOn(await privateRedis(), env);
  const kept = state.contexts.open(caller);
  const version = await kept.set('k', { n: 1 });
  await kept.compareAndSet('k', version, { n: 2 });
  expect(await kept.get('k')).toEqual({ n: 2 });
  const name = { tenant: 'acme', aggregate: 'a' };
  expect(await state.events.append(name, 0, [{ type: 't', data: '1' }])).toBe(1);
}, 60_000);

test.each([
  [
    { MILLRACE_STATE_STORE: 'postgres' },
    /MILLRACE_STATE_DATABASE_URL: .*URL when MILLRACE_STATE_STORE is postgres/,
  ],
  [
    { MILLRACE_STATE_DATABASE_URL: 'pglite:' },
    /MILLRACE_STATE_DATABASE_URL: .*nothing when MILLRACE_STATE_STORE is redis/,
  ],
  [{ MILLRACE_STATE_STORE: 'floppy' }, /MILLRACE_STATE_STORE/],
  [{ MILLRACE_STATE_MAX_BYTES: '0' }, /MILLRACE_STATE_MAX_BYTES/],
])('refuses the settings %j', (env, message) => {
  expect(() => loadWorkerConfig({ env: { REDIS_URL: 'redis://127.0.0.1', ...env } })).toThrow(message);
});
