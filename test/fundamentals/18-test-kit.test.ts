import { createConnection } from 'node:net';
import { testCluster } from '@millrace/toolkit/testing';
import { expect, test, vi } from 'vitest';
import { pluginPath } from '../support/plugin-path.ts';

const PLUGINS = [pluginPath('fixture')];
const ECHO = { name: 'echo', arguments: { text: 'hello' } };

/** Settings that notice a lost worker soon. */
const HASTY = { MILLRACE_LOCK_MS: '500', MILLRACE_WORKER_TTL_MS: '1000' };

test('a test has a whole cluster of its own in one line', async () => {
  await using cluster = await testCluster({ plugins: PLUGINS });
  const { result } = await cluster.callTool(ECHO);
  expect(result).toMatchObject({ content: [{ type: 'text', text: 'hello' }] });
  expect(await cluster.callTool({ name: 'nothing' })).toMatchObject({
    error: { message: 'Unknown tool: nothing' },
  });
});

test('a worker that is killed takes no call with it, and a new one takes its place', async () => {
  await using cluster = await testCluster({ plugins: PLUGINS, workers: 2, env: HASTY });
  const call = cluster.callTool({ name: 'hold', arguments: { key: 'k' } });
  const victim = await Promise.any(
    cluster.workers.map((worker) => worker.logs.first('started', { key: 'k' }).then(() => worker)),
  );
  await victim.kill();
  const other = cluster.workers.find((worker) => worker !== victim);
  await other?.logs.first('started', { key: 'k' });
  other?.send({ release: 'k' });
  expect((await call).result).toMatchObject({ content: [{ text: 'k is done' }] });
  await cluster.startWorker();
  await cluster.seesWorkers(2);
});

test('a worker that is cut off, or hangs, comes back', async () => {
  await using cluster = await testCluster({ plugins: PLUGINS, frontDoors: 2, env: HASTY });
  const [worker] = cluster.workers;
  const [door] = cluster.frontDoors;
  worker?.cutOff();
  await door?.logs.next('the catalogue changed', { workers: 0 });
  expect((await cluster.callTool(ECHO)).error?.message).toMatch(/No live worker/);
  const back = door?.logs.next('the catalogue changed', { workers: 1 });
  worker?.reconnect();
  await back;
  expect((await cluster.callTool(ECHO)).error).toBeUndefined();
  const lost = cluster.frontDoors[1]?.logs.next('the catalogue changed', { workers: 0 });
  worker?.pause();
  await lost;
  worker?.resume();
  await vi.waitFor(async () => expect((await cluster.callTool(ECHO, 1)).error).toBeUndefined(), {
    timeout: 5_000,
  });
});

test('what does not start is told in its own words, and nothing is left running', async () => {
  const missing = testCluster({ plugins: ['/no/such/plugin.ts'] });
  await expect(missing).rejects.toThrow(
    /the worker did not start: MILLRACE_PLUGINS: "\/no\/such\/plugin.ts"/,
  );
});

test('stopping leaves no process and no Redis', async () => {
  const cluster = await testCluster({ plugins: PLUGINS });
  await cluster.stop();
  expect([...cluster.frontDoors, ...cluster.workers].map(({ running }) => running)).toEqual([false, false]);
  const { port } = new URL(cluster.redisUrl);
  const refused = new Promise((resolve) => {
    createConnection({ port: Number(port), host: '127.0.0.1' }).once('error', resolve);
  });
  expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
});
