import { afterAll, expect, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { metricOf } from '../support/metric.ts';
import { textOf } from '../support/session.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * The only front door does not ask Redis for identical calls, since there are none elsewhere. Before another one begins
 * it says so, and then finds what is under way.
 */
const cluster = await startCluster({ frontDoors: 1, workers: 1, plugins: ['sharing'] });
afterAll(() => cluster.stop());

function runs(id: string): number {
  return cluster.workers.flatMap((worker) => worker.logs.having('ran', { tool: 'held', id })).length;
}

const held = async (url: string, id: string) => textOf((await send(url, toolCall('held', { id }))).message);

test('a front door that begins joins what was under way before', async () => {
  const leader = held(cluster.url, 'before');
  await cluster.logged('ran', { tool: 'held', id: 'before' });
  await cluster.startFrontDoor();
  await cluster.seesWorkers(1);
  const follower = held(cluster.urls[1] ?? '', 'before');
  await vi.waitFor(async () => {
    const followers = metricOf(cluster.adminUrls[1], 'millrace_dedup_followers_total', { tool: 'held' });
    expect(await followers).toBe(1);
  });
  cluster.release('before');
  expect(await follower).toBe(await leader);
  expect(runs('before')).toBe(1);
});

test('and the first one meets the new one at once', async () => {
  const calls = [0, 1, 0, 1].map((at) => held(cluster.urls[at] ?? '', 'after'));
  await cluster.logged('ran', { tool: 'held', id: 'after' });
  await vi.waitFor(async () => {
    const counts = cluster.adminUrls.map((url) =>
      metricOf(url, 'millrace_dedup_followers_total', { tool: 'held' }),
    );
    // One of the test before.
    expect((await Promise.all(counts)).reduce((sum, count) => sum + count, 0)).toBe(4);
  });
  cluster.release('after');
  expect(new Set(await Promise.all(calls)).size).toBe(1);
  expect(runs('after')).toBe(1);
});
