import { disconnect } from '@millrace/broker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import type { ClusterProcess } from '../support/cluster-process.ts';
import { connectRedis, type TestRedis } from '../support/leftovers.ts';
import { RedisProxy } from '../support/redis-proxy.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * A worker that cannot reach Redis does not know what becomes of its calls: when its locks have run out, others have
 * them. It stops by itself, and says nothing of them when it is back.
 */
const LOCK_MS = 1_000;
const PATIENCE = { timeout: 20_000, interval: 100 };
let cluster: Cluster;
let proxy: RedisProxy;
let lonely: ClusterProcess;
let watcher: TestRedis;
/** All that goes over the reply channels. */
const frames: string[] = [];

beforeAll(async () => {
  cluster = await startCluster({ workers: 0, workerEnv: { MILLRACE_LOCK_MS: String(LOCK_MS) } });
  proxy = await RedisProxy.start(cluster.redisUrl);
  watcher = await connectRedis(cluster.redisUrl);
  await watcher.psubscribe(`${cluster.prefix}:replies:*`);
  watcher.on('pmessage', (_pattern, _channel, message: string) => void frames.push(message));
  lonely = await cluster.startWorker({ REDIS_URL: proxy.url });
  await cluster.seesWorkers(1);
});

afterAll(async () => {
  disconnect(watcher);
  await cluster.stop();
  await proxy.stop();
});

/** Begins a call on the worker that will be cut off; then there is another one. */
async function begin(tool: string, key: string) {
  const answer = send(cluster.url, toolCall(tool, { key }));
  await lonely.logs.first('started', { key });
  const other = await cluster.startWorker();
  return { answer, other };
}

/** Frames that say something of what the test has done under this key. */
const framesOf = (key: string) => frames.filter((frame) => frame.includes(`${key} is done`));

/** The other one goes, and the one that was cut off serves again. */
async function backTogether(other: ClusterProcess): Promise<void> {
  await other.kill('SIGTERM');
  const answer = async () => (await send(cluster.url, toolCall('where_am_i'))).message.result;
  await expect.poll(answer, PATIENCE).toMatchObject({ content: [{ text: String(lonely.pid) }] });
}

test.each(['cut', 'stall', 'swallow'] as const)(
  'when its network is lost (%s) it stops what may run elsewhere, and answers nothing',
  async (how) => {
    const key = `idempotent-${how}`;
    const { answer, other } = await begin('hold', key);
    proxy[how]();
    expect((await lonely.logs.first('aborted', { key }))['reason']).toMatch(/cut off/);
    await other.logs.first('started', { key });
    other.release(key);
    expect((await answer).message.result).toMatchObject({ content: [{ text: `${key} is done` }] });
    proxy.mend();
    await backTogether(other);
    expect(framesOf(key)).toHaveLength(1);
    expect(lonely.logs.having('finished', { key })).toEqual([]);
  },
  30_000,
);

test('what must not run twice is stopped too, and its client was told', async () => {
  const { answer, other } = await begin('charge', 'guarded');
  proxy.cut();
  await lonely.logs.first('aborted', { key: 'guarded' });
  expect((await answer).message.error?.data).toMatchObject({ name: 'worker_lost', retryable: false });
  proxy.mend();
  await backTogether(other);
  expect(other.logs.having('started', { key: 'guarded' })).toEqual([]);
  expect(framesOf('guarded')).toEqual([]);
}, 30_000);

test('a short interruption does no harm: it goes on, and answers', async () => {
  const { answer, other } = await begin('hold', 'short');
  proxy.cut();
  proxy.mend();
  lonely.release('short');
  expect((await answer).message.result).toMatchObject({ content: [{ text: 'short is done' }] });
  expect(lonely.logs.having('finished', { key: 'short' })).toHaveLength(1);
  expect(other.logs.having('started', { key: 'short' })).toEqual([]);
  await backTogether(other);
});

test('a worker that stood still finds that its calls are somebody else’s', async () => {
  const { answer, other } = await begin('hold', 'frozen');
  void lonely.kill('SIGSTOP');
  await other.logs.first('started', { key: 'frozen' });
  other.release('frozen');
  expect((await answer).message.result).toMatchObject({ content: [{ text: 'frozen is done' }] });
  void lonely.kill('SIGCONT');
  await lonely.logs.first('aborted', { key: 'frozen' });
  await backTogether(other);
  expect(framesOf('frozen')).toHaveLength(1);
}, 30_000);
