import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { startPrivateRedis } from './private-redis.ts';

/** What becomes of a connection to it. */
function connect(url: string): Promise<string> {
  const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve('connected'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    socket.unref();
  }).finally(() => socket.destroy()) as Promise<string>;
}

test('it takes connections when it has started, and none when it was stopped', async () => {
  const redis = await startPrivateRedis(['no-such-redis', 'redis-server', 'valkey-server']);
  expect(await connect(redis.url)).toBe('connected');
  await redis.stop();
  expect(await connect(redis.url)).toBe('ECONNREFUSED');
  await redis.stop();
});

test('it says what to install, or why it does not start', async () => {
  await expect(startPrivateRedis(['no-such-redis'])).rejects.toThrow(
    'no no-such-redis is on the PATH: install one, or give testCluster the "redisUrl" of a Redis',
  );
  await expect(startPrivateRedis(['false'])).rejects.toThrow('false did not start');
});
