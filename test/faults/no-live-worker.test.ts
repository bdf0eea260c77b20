import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

const TIMES = { MILLRACE_HEARTBEAT_MS: '300', MILLRACE_WORKER_TTL_MS: '1200' };
const cluster = await startCluster({ env: TIMES });
afterAll(() => cluster.stop());

const NO_LIVE_WORKER = {
  code: -32003,
  message: expect.stringMatching(/\becho\b.*\bdefault\b/),
  data: { name: 'no_live_worker', retryable: true, details: { target: 'echo', pool: 'default' } },
};

test('a worker that stops takes its leave: calls to its pool fail at once, with the tool and the pool', async () => {
  const [worker] = cluster.workers;
  const left = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 0 });
  await worker?.kill('SIGTERM');
  await left;
  const started = performance.now();
  const answer = await send(cluster.url, toolCall('echo', { text: 'x' }));
  expect(performance.now() - started).toBeLessThan(1_000);
  expect(answer.message.error).toMatchObject(NO_LIVE_WORKER);
  expect(answer.status).toBeLessThan(500);
});

test('the tools of the pool stay in the list meanwhile', async () => {
  const { result } = (await send(cluster.url, modernRequest('tools/list'))).message;
  expect(result?.['tools']).toContainEqual(expect.objectContaining({ name: 'echo' }));
});

test('a new worker is found at once', async () => {
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  await cluster.startWorker();
  await came;
  const answer = await send(cluster.url, toolCall('echo', { text: 'x' }));
  expect(answer.message.result).toBeDefined();
});

test('a worker that is killed is missed as soon as its record expires', async () => {
  const missed = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 0 });
  await cluster.workers.at(-1)?.kill('SIGKILL');
  await missed;
  const answer = await send(cluster.url, toolCall('echo', { text: 'x' }));
  expect(answer.message.error).toMatchObject(NO_LIVE_WORKER);
});
