import { afterAll, expect, test } from 'vitest';
import { connectModern, type ModernClient } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * Any number of front doors and workers share the work. Nothing ties an agent to a front door, or a front door to a
 * worker: whoever has a free slot takes the next batch of its pool.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 2, workerEnv: { MILLRACE_SLOTS: '2' } });
afterAll(() => cluster.stop());

const textOf = ({ content }: Awaited<ReturnType<ModernClient['callTool']>>): string =>
  content[0]?.type === 'text' ? content[0].text : '';

test('calls that run at the same time spread over the workers, and no worker takes more than its slots', async () => {
  const clients = await Promise.all(cluster.urls.map(connectModern));
  const keys = ['a', 'b', 'c', 'd', 'e'];
  const calls = keys.map((key, at) => clients[at % 2]?.callTool({ name: 'hold', arguments: { key } }));
  // Two workers of two slots run four of the five calls; the fifth waits until a slot is free.
  const started = () => cluster.workers.map((worker) => worker.logs.having('started').length);
  await expect.poll(started).toEqual([2, 2]);
  for (const key of keys) cluster.release(key);
  const texts = (await Promise.all(calls)).map((result) => result && textOf(result));
  expect(texts).toEqual(keys.map((key) => `${key} is done`));
});

test('each answer goes to the client that asked, whichever front door it asked', async () => {
  const clients = await Promise.all(cluster.urls.map(connectModern));
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  const sums = await Promise.all(
    numbers.map((number) =>
      clients[number % 2]?.callTool({ name: 'add', arguments: { a: number, b: 1000 } }),
    ),
  );
  expect(sums.map((result) => result?.structuredContent)).toEqual(numbers.map((n) => ({ sum: n + 1000 })));
});

test('many calls at once ride in few jobs', async () => {
  await send(cluster.url, toolCall('echo', { text: 'so that the front door knows how fast it is' }));
  const before = await cluster.jobs();
  const calls = 400;
  await Promise.all(
    Array.from({ length: calls }, (_, n) => send(cluster.url, toolCall('echo', { text: `${n}` }))),
  );
  expect((await cluster.jobs()) - before).toBeLessThan(calls / 2);
});

test('a worker that comes later takes its share', async () => {
  const worker = await cluster.startWorker();
  const client = await connectModern(cluster.url);
  const keys = ['f', 'g', 'h', 'i', 'j', 'k'];
  const calls = keys.map((key) => client.callTool({ name: 'hold', arguments: { key } }));
  await Promise.all(keys.map((key) => cluster.logged('started', { key })));
  expect(worker.logs.having('started')).toHaveLength(2);
  for (const key of keys) cluster.release(key);
  await Promise.all(calls);
});

test('a pool of its own has workers of its own', async () => {
  const other = await cluster.startWorker({ MILLRACE_POOLS: 'other' });
  await cluster.seesWorkers(4);
  const client = await connectModern(cluster.url);
  const before = await cluster.jobs();
  const elsewhere = await client.callTool({ name: 'elsewhere', arguments: {} });
  expect(textOf(elsewhere)).toBe('from the other pool');
  expect(await cluster.jobs('other')).toBe(1);
  expect(await cluster.jobs()).toBe(before);
  const here = await client.callTool({ name: 'where_am_i', arguments: {} });
  expect(textOf(here)).not.toBe(String(other.pid));
});
