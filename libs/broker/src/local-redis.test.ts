import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findRedis, type LocalRedis, startPrivateRedis } from './local-redis.ts';

async function started(redis: Promise<LocalRedis>): Promise<LocalRedis> {
  const found = await redis;
  onTestFinished(() => found.stop());
  return found;
}

async function ping(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  socket.write('PING\r\n');
  // A server that is about to end may still accept, and then closes without a word.
  const closed = once(socket, 'close').then(() => Promise.reject(new Error('closed without an answer')));
  const [answer] = await Promise.race([once(socket, 'data'), closed]);
  socket.destroy();
  return String(answer).trim();
}

async function untilRefused(url: string): Promise<void> {
  while (
    await ping(url).then(
      () => true,
      () => false,
    )
  );
}

test('a given URL is used as it is', async () => {
  const redis = await started(findRedis({ url: 'redis://elsewhere:1234' }));
  expect(redis.url).toBe('redis://elsewhere:1234');
});

test('without a URL a private server starts on a free loopback port and ends with stop', async () => {
  const redis = await started(findRedis({}));
  expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
  expect(await ping(redis.url)).toBe('+PONG');
  await redis.stop();
  await redis.stop();
  await expect(ping(redis.url)).rejects.toThrow('ECONNREFUSED');
});

test('the next program is tried when one is not installed', async () => {
  const redis = await started(
    startPrivateRedis({ programs: ['no-such-redis', 'redis-server', 'valkey-server'] }),
  );
  expect(await ping(redis.url)).toBe('+PONG');
});

test('a server may come back on the port of an earlier one', async () => {
  const first = await started(startPrivateRedis());
  const port = Number(new URL(first.url).port);
  await first.stop();
  const second = await started(startPrivateRedis({ port, args: ['--maxclients', '20'] }));
  expect(second.url).toBe(first.url);
});

test('an error holds the last output of a server that does not start', async () => {
  await expect(startPrivateRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/no-such-option/);
});

test('an error says when the server takes too long', async () => {
  await expect(startPrivateRedis({ startTimeoutMs: 0 })).rejects.toThrow(/did not start \(time-out\)/);
});

test('a taken port is an error with the output of the server', async () => {
  const first = await started(startPrivateRedis());
  const port = Number(new URL(first.url).port);
  await expect(startPrivateRedis({ port })).rejects.toThrow(/already in use/i);
});

test('one line says what to install when nothing can be done', async () => {
  const missing = findRedis({ programs: ['no-such-redis'], installers: [] });
  await expect(missing).rejects.toThrow(/^Redis is missing: no no-such-redis .*REDIS_URL$/);
});

test('a package manager is asked once, and its failure is told', async () => {
  const installers = [
    { program: 'no-such-manager', asRoot: false, command: 'exit 0' },
    { program: 'sh', asRoot: false, command: 'exit 3' },
  ];
  const missing = findRedis({ programs: ['no-such-redis'], installers });
  await expect(missing).rejects.toThrow('"exit 3" did not provide it (exit code 3)');
});

test('lost tells of a server that ends by itself', async () => {
  const redis = await started(startPrivateRedis());
  const { hostname, port } = new URL(redis.url);
  createConnection({ host: hostname, port: Number(port) }).end('SHUTDOWN NOSAVE\r\n');
  expect(await redis.lost).toMatch(/bye bye/i);
});

test('the server ends with the process that started it, even one that is killed', async () => {
  const module = new URL('./local-redis.ts', import.meta.url).href;
  const script = `import { startPrivateRedis } from '${module}'; console.log((await startPrivateRedis()).url);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await once(parent.stdout, 'data');
  const url = String(output).trim();
  expect(await ping(url)).toBe('+PONG');
  parent.kill('SIGKILL');
  await untilRefused(url);
});
