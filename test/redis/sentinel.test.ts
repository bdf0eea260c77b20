import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { startTask, taskIs } from '../support/tasks.ts';
import { send, toolCall } from '../support/wire.ts';
import { WatchedRedis } from './watched-redis.ts';
import { WHOLE_PATH, wholePath } from './whole-path.ts';

const TIMEOUT_MS = 60_000;
const PATIENCE = { timeout: 20_000, interval: 50 };
const redis = await WatchedRedis.start();
const cluster = await startCluster({
  ...WHOLE_PATH,
  redisUrl: redis.url,
  env: { ...redis.env, MILLRACE_CALL_TIMEOUT_MS: '15000' },
});
afterAll(async () => {
  await redis.bringBack();
  await cluster.stop();
  await redis.stop();
});

const served = async () => {
  const answers = await Promise.all(cluster.urls.map((url) => send(url, toolCall('echo', { text: 'x' }))));
  return answers.every(({ message }) => message.result);
};

test('with Sentinels everything works', () => wholePath(cluster, 'at-first'), TIMEOUT_MS);

test(
  'when the master dies, calls under way are answered, tasks remain, and the replica takes over',
  async () => {
    const task = await startTask(cluster.url, 'work', { key: 'through' });
    await cluster.logged('started', { key: 'through' });
    const calls = ['a', 'b'].map((key) => send(cluster.url, toolCall('hold', { key })));
    await Promise.all(['a', 'b'].map((key) => cluster.logged('started', { key })));
    await redis.failOver();
    for (const key of ['a', 'b', 'through']) cluster.release(key);
    for (const { message } of await Promise.all(calls)) {
      const name = message.error?.data?.['name'] ?? 'result';
      expect(name).toBeOneOf(['result', 'deadline_exceeded', 'worker_lost', 'broker_unavailable']);
    }
    await expect.poll(served, PATIENCE).toBe(true);
    const release = setInterval(() => cluster.release('through'), 100);
    await taskIs(cluster.urls[1] ?? '', task, 'completed');
    clearInterval(release);
  },
  TIMEOUT_MS,
);

test(
  'the old master comes back as a replica, and nobody writes to it any more',
  async () => {
    await redis.bringBack();
    await wholePath(cluster, 'afterwards');
    await redis.failOver();
    await expect.poll(served, PATIENCE).toBe(true);
  },
  TIMEOUT_MS,
);
