import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

const cluster = await startCluster();
afterAll(() => cluster.stop());

const ENDED_WELL = { code: 0, signal: null };
const urlOf = () => cluster.urls.at(-1) ?? '';

/** A call that runs until its key is released. */
async function startHolding(key: string) {
  const answer = send(urlOf(), toolCall('hold', { key }));
  const worker = await cluster.logged('started', { key });
  return { answer, worker };
}

test.each(['SIGTERM', 'SIGINT'] as const)('a worker lets a running call finish at %s', async (signal) => {
  const { answer, worker } = await startHolding(signal);
  const exit = worker.kill(signal);
  await worker.logs.first('stopping');
  cluster.release(signal);
  expect((await answer).message.result).toMatchObject({ content: [{ text: `${signal} is done` }] });
  expect(await exit).toEqual(ENDED_WELL);
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  await cluster.startWorker();
  await came;
});

test('a worker that stops takes nothing new: what is called meanwhile goes to another', async () => {
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 2 });
  await cluster.startWorker();
  await came;
  const { answer, worker } = await startHolding('old');
  const exit = worker.kill('SIGTERM');
  await cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  for (let n = 0; n < 5; n += 1) {
    const where = await send(cluster.url, toolCall('where_am_i'));
    expect(where.message.result).not.toMatchObject({ content: [{ text: String(worker.pid) }] });
  }
  cluster.release('old');
  expect((await answer).message.result).toBeDefined();
  expect(await exit).toEqual(ENDED_WELL);
});

test('a front door lets a running call finish', async () => {
  const frontDoor = await cluster.startFrontDoor();
  await cluster.seesWorkers(1);
  const { answer } = await startHolding('through the door');
  const exit = frontDoor.kill('SIGTERM');
  await frontDoor.logs.first('stopping');
  cluster.release('through the door');
  expect((await answer).message.result).toMatchObject({ content: [{ text: 'through the door is done' }] });
  expect(await exit).toEqual(ENDED_WELL);
});

test('a front door does not wait for connections on which nothing is asked', async () => {
  const frontDoor = await cluster.startFrontDoor();
  const idle = createConnection({ host: '127.0.0.1', port: Number(new URL(urlOf()).port) });
  await once(idle, 'connect');
  await cluster.seesWorkers(1);
  expect((await send(urlOf(), toolCall('echo', { text: 'x' }))).status).toBe(200);
  expect(await frontDoor.kill('SIGTERM')).toEqual(ENDED_WELL);
  idle.destroy();
});

test('at its deadline a worker tells the tool to stop, answers, and ends', async () => {
  cluster.urls.splice(1);
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  await Promise.all(cluster.workers.filter(({ running }) => running).map((worker) => worker.kill('SIGTERM')));
  await cluster.startWorker({ MILLRACE_SHUTDOWN_TIMEOUT_MS: '300' });
  await came;
  const { answer, worker } = await startHolding('too long');
  const exit = worker.kill('SIGTERM');
  const aborted = await worker.logs.first('aborted', { key: 'too long' });
  expect(aborted['reason']).toContain('shutting down');
  expect((await answer).message.error).toMatchObject({ code: -32006, data: { name: 'shutting_down' } });
  expect(await exit).toEqual(ENDED_WELL);
});
