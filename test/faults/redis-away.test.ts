import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

const cluster = await startCluster({
  privateRedis: true,
  workers: 2,
  env: { MILLRACE_HEARTBEAT_MS: '300', MILLRACE_WORKER_TTL_MS: '1200' },
  // Nobody takes a call from another here, however long Redis needs to start.
  workerEnv: { MILLRACE_LOCK_MS: '30000' },
});
afterAll(() => cluster.stop());

const echo = toolCall('echo', { text: 'x' });
const ready = async () => (await fetch(`${cluster.adminUrls[0]}/readyz`)).status;
const echoStatus = async () => (await send(cluster.url, echo)).status;
const echoResult = async () => (await send(cluster.url, echo)).message.result;
const ENDED_WELL = { code: 0, signal: null };
const PATIENCE = { timeout: 10_000, interval: 50 };

test('while Redis is away calls get 503 with Retry-After, and the front door says that it is not ready', async () => {
  await cluster.stopRedis();
  await expect.poll(ready, PATIENCE).toBe(503);
  const answer = await send(cluster.url, echo);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(answer.message.error).toMatchObject({
    code: -32005,
    data: { name: 'broker_unavailable', retryable: true, retryAfterMs: 1000 },
  });
});

test('when Redis is back, empty, front door and workers serve again by themselves', async () => {
  await cluster.restartRedis();
  await expect.poll(echoStatus, PATIENCE).toBe(200);
  await expect.poll(echoResult, PATIENCE).toBeDefined();
  expect(await ready()).toBe(200);
  expect([...cluster.frontDoors, ...cluster.workers].map(({ running }) => running)).toEqual([
    true,
    true,
    true,
  ]);
});

test('a call that is being run while Redis is lost for good is answered nevertheless', async () => {
  const call = send(cluster.url, toolCall('hold', { key: 'through' }));
  await cluster.logged('started', { key: 'through' });
  await cluster.stopRedis();
  cluster.release('through');
  await cluster.logged('finished', { key: 'through' });
  await cluster.restartRedis();
  expect((await call).message.result).toMatchObject({ content: [{ text: 'through is done' }] });
});

test('it recovers again and again', async () => {
  for (let round = 0; round < 2; round += 1) {
    await cluster.stopRedis();
    await expect.poll(ready, PATIENCE).toBe(503);
    await cluster.restartRedis();
    await expect.poll(echoResult, PATIENCE).toBeDefined();
  }
});

test('calls under way when Redis goes are answered by their deadline, each of them', async () => {
  const env = { MILLRACE_CALL_TIMEOUT_MS: '2000' };
  await cluster.startFrontDoor(env);
  const url = cluster.urls.at(-1) ?? '';
  await expect.poll(async () => (await send(url, echo)).message.result, PATIENCE).toBeDefined();
  const calls = Array.from({ length: 20 }, (_, n) => send(url, toolCall('hold', { key: `lost-${n}` })));
  await cluster.logged('started', { key: 'lost-0' });
  await cluster.stopRedis();
  const answers = await Promise.all(calls);
  for (const { message } of answers) expect(message.error?.code).toBeOneOf([-32001, -32005]);
  await cluster.restartRedis();
  await expect.poll(echoResult, PATIENCE).toBeDefined();
});

test('a front door and a worker that start while Redis is away wait for it', async () => {
  await cluster.stopRedis();
  const frontDoor = cluster.startFrontDoor();
  const worker = cluster.startWorker();
  const started = [cluster.frontDoors.at(-1), cluster.workers.at(-1)];
  await Promise.all(started.map((one) => one?.logs.first('Redis is away')));
  await cluster.restartRedis();
  await Promise.all([frontDoor, worker]);
  await expect.poll(async () => (await send(cluster.urls.at(-1) ?? '', echo)).message.result).toBeDefined();
});

test('both stop at once, and well, while Redis is away', async () => {
  const both = [await cluster.startFrontDoor(), await cluster.startWorker()];
  await cluster.stopRedis();
  await Promise.all(both.map((one) => one.logs.first('Redis is away')));
  const exits = await Promise.all(both.map((one) => one.kill('SIGTERM')));
  expect(exits).toEqual([ENDED_WELL, ENDED_WELL]);
  await cluster.restartRedis();
});
