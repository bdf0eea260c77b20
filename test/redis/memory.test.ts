import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { admin, millrace } from '../operations/millrace.ts';
import { startCluster } from '../support/cluster.ts';
import { Session, textOf } from '../support/session.ts';
import { callTool, startTask, taskIs } from '../support/tasks.ts';
import { send, sessionRequest, toolCall, type WireAnswer } from '../support/wire.ts';
import { RedisServer } from './redis-server.ts';
import { WHOLE_PATH, wholePath } from './whole-path.ts';

const TIMEOUT_MS = 60_000;
const PATIENCE = { timeout: 15_000, interval: 50 };
const WARNING =
  'WRONG EVICTION POLICY: Redis may throw away queues, sessions and tasks when its memory is full: set maxmemory-policy to noeviction';
const LOCK_MS = 1_000;
/** In bytes: all that there may be, and less than Redis needs for itself, which gives nobody anything. */
const [PLENTY, NOTHING] = ['24mb', '1'];
const server = await RedisServer.start({ args: ['--maxmemory', PLENTY, '--maxmemory-policy', 'noeviction'] });
const operator = new Redis(server.url);
const cluster = await startCluster({
  ...WHOLE_PATH,
  redisUrl: server.url,
  env: { MILLRACE_HEARTBEAT_MS: '200', MILLRACE_WORKER_TTL_MS: String(LOCK_MS) },
  workerEnv: { MILLRACE_LOCK_MS: String(LOCK_MS) },
});
afterAll(async () => {
  await cluster.stop();
  operator.disconnect();
  await server.stop();
});

function expectRefusal({ status, headers, message }: WireAnswer): void {
  expect({ status, retry: headers.get('retry-after'), ...message }).toMatchObject({
    status: 503,
    retry: '1',
    error: { code: -32005, data: { name: 'broker_unavailable', retryable: true } },
  });
}

/** Longer than locks and heartbeats last: what is not renewed by then is lost. */
const outlast = () => new Promise((resolve) => setTimeout(resolve, 3 * LOCK_MS));

test(
  'while memory is out nothing new is taken, and all that was taken is answered',
  async () => {
    const session = await Session.open(cluster.url);
    const task = await startTask(cluster.url, 'work', { key: 'task' });
    await cluster.logged('started', { key: 'task' });
    const running = ['hold', 'charge'].map((tool) => send(cluster.url, toolCall(tool, { key: tool })));
    await Promise.all(['hold', 'charge'].map((key) => cluster.logged('started', { key })));
    await millrace(cluster, 'pools pause default');
    const queued = send(cluster.url, toolCall('echo', { text: 'queued' }));
    const queuedOnce = send(cluster.url, toolCall('book', { key: 'queued once', ms: 1 }));
    await expect
      .poll(async () => (await admin(cluster, 'GET', '/pools/default')).body['waiting'], PATIENCE)
      .toBe(2);

    await operator.config('SET', 'maxmemory', NOTHING);
    await outlast();

    expectRefusal(await send(cluster.url, toolCall('echo', { text: 'x' })));
    expectRefusal(await send(cluster.url, toolCall('book', { key: 'not even once', ms: 1 })));
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    expectRefusal(await send(cluster.url, sessionRequest('initialize', params)));
    expect((await callTool(cluster.url, 'work', { key: 'no task' })).error?.data?.['name']).toBe(
      'broker_unavailable',
    );
    const listed = await session.request(cluster.urls[1] ?? '', 'tools/list');
    expect(listed.message.result).toHaveProperty('tools');

    for (const key of ['hold', 'charge', 'task']) cluster.release(key);
    expect((await Promise.all(running)).map(({ message }) => textOf(message))).toEqual([
      'hold is done',
      'charge is done',
    ]);
    await taskIs(cluster.url, task, 'completed');

    await millrace(cluster, 'pools resume default');
    expect(textOf((await queued).message)).toBe('queued');
    expect((await queuedOnce).message.error?.data).toMatchObject({
      name: 'broker_unavailable',
      retryable: true,
    });
    expect(cluster.workers.flatMap(({ logs }) => logs.having('executed'))).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'when there is memory again, everything works by itself',
  async () => {
    await operator.config('SET', 'maxmemory', PLENTY);
    await expect
      .poll(async () => (await send(cluster.url, toolCall('echo', { text: 'x' }))).status, PATIENCE)
      .toBe(200);
    await wholePath(cluster, 'afterwards');
  },
  TIMEOUT_MS,
);

test('a front door and a worker warn loudly of a policy that throws away what is there', async () => {
  await operator.config('SET', 'maxmemory-policy', 'allkeys-lru');
  for (const role of ['front-door', 'worker'] as const) {
    const one = cluster.spawn(role, { MILLRACE_HTTP_PORT: '0' });
    const line = await one.logs.first(WARNING);
    expect(line).toMatchObject({ level: 'error', policy: 'allkeys-lru' });
    await one.listening();
    await one.kill('SIGTERM');
  }
  expect(cluster.workers[0]?.logs.having(WARNING)).toEqual([]);
});
