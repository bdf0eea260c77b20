import { createMetrics } from '@millrace/service';
import { expect, test } from 'vitest';
import { observeDemand } from './demand-gauge.ts';

const demandOf = (pool: string, demand: number) => ({
  pool,
  demand,
  active: demand - 1,
  waiting: 1,
  weight: 1,
  oldestWaitMs: 1_500,
  paused: false,
  estimated: false,
});

const shown = async (metrics: ReturnType<typeof createMetrics>) =>
  (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('millrace_pool_demand{'));

test('each pool has its figure, and a pool that is gone has none', async () => {
  const metrics = createMetrics();
  const reader = { read: async (pool: string) => demandOf(pool, pool.length) };
  await observeDemand(reader, ['default', 'images'], metrics);
  expect(await shown(metrics)).toEqual([
    'millrace_pool_demand{pool="default"} 7',
    'millrace_pool_demand{pool="images"} 6',
  ]);
  const exposed = await metrics.registry.metrics();
  expect(exposed).toContain('millrace_backlog_calls{pool="images",state="waiting"} 1');
  expect(exposed).toContain('millrace_backlog_calls{pool="images",state="active"} 5');
  expect(exposed).toContain('millrace_backlog_oldest_seconds{pool="images"} 1.5');
  await observeDemand(reader, ['images'], metrics);
  expect(await shown(metrics)).toEqual(['millrace_pool_demand{pool="images"} 6']);
});

test('without Redis there is no figure, rather than an old one', async () => {
  const metrics = createMetrics();
  await observeDemand({ read: async (pool) => demandOf(pool, 3) }, ['default'], metrics);
  const away = { read: () => Promise.reject(new Error('Connection is closed.')) };
  await observeDemand(away, ['default'], metrics);
  expect(await shown(metrics)).toEqual([]);
  const broken = { read: () => Promise.reject(new Error('WRONGTYPE')) };
  await expect(observeDemand(broken, ['default'], metrics)).rejects.toThrow('WRONGTYPE');
});
