import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { Session, textOf } from '../support/session.ts';
import { startTask, taskIs } from '../support/tasks.ts';
import { send, toolCall } from '../support/wire.ts';
import { RedisServer } from './redis-server.ts';
import { WHOLE_PATH, wholePath } from './whole-path.ts';

const TIMEOUT_MS = 60_000;
const PATIENCE = { timeout: 20_000, interval: 50 };
const server = await RedisServer.start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
const cluster = await startCluster({
  ...WHOLE_PATH,
  redisUrl: server.url,
  env: { MILLRACE_CALL_TIMEOUT_MS: '20000' },
});
afterAll(async () => {
  await cluster.stop();
  await server.stop();
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a Redis with append-only file that is restarted (%s) has all tasks and sessions, and what runs is answered',
  async (signal) => {
    const session = await Session.open(cluster.url);
    const [running, waiting] = [`running.${signal}`, `waiting.${signal}`];
    const task = await startTask(cluster.url, 'work', { key: running });
    await cluster.logged('started', { key: running });
    const call = send(cluster.url, toolCall('hold', { key: waiting }));
    await cluster.logged('started', { key: waiting });
    await server.kill(signal);
    expect((await send(cluster.url, toolCall('echo', { text: 'x' }))).status).toBe(503);
    await server.restart();
    const release = setInterval(() => [running, waiting].forEach((key) => void cluster.release(key)), 100);
    expect(textOf((await call).message)).toBe(`${waiting} is done`);
    await taskIs(cluster.urls[1] ?? '', task, 'completed');
    clearInterval(release);
    const again = () => session.request(cluster.urls[1] ?? '', 'tools/list');
    await expect.poll(async () => (await again()).status, PATIENCE).toBe(200);
    await wholePath(cluster, signal);
  },
  TIMEOUT_MS,
);
