import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import type { ClusterProcess, Env } from '../support/cluster-process.ts';

const cluster = await startCluster({ frontDoors: 0, workers: 0 });
afterAll(() => cluster.stop());

/** Starts a process that must fail. @returns what it printed */
async function startInVain(role: ClusterProcess['role'], env: Env): Promise<string> {
  const started = cluster.spawn(role, env);
  expect(await started.exited).toEqual({ code: 1, signal: null });
  expect(started.logs.having('listening')).toEqual([]);
  return started.stderr.trim();
}

test.each([
  { role: 'front-door', variable: 'MILLRACE_HTTP_PORT', value: 'eighty', expected: 'from 0 to 65535' },
  { role: 'front-door', variable: 'MILLRACE_CALL_TIMEOUT_MS', value: '0', expected: 'at least 1' },
  { role: 'front-door', variable: 'MILLRACE_LOG_LEVEL', value: 'loud', expected: 'debug' },
  { role: 'worker', variable: 'MILLRACE_SLOTS', value: '-1', expected: 'from 1 to 10000' },
  { role: 'worker', variable: 'MILLRACE_POOLS', value: 'a b', expected: 'letters' },
  { role: 'worker', variable: 'MILLRACE_LOG_PRETTY', value: 'maybe', expected: 'true or false' },
  { role: 'worker', variable: 'MILLRACE_PLUGINS', value: './nowhere.ts', expected: 'cannot be loaded' },
] as const)('$role: a bad $variable', async ({ role, variable, value, expected }) => {
  const message = await startInVain(role, { [variable]: value });
  expect(message).toMatch(new RegExp(`^${variable}: .*${value}.*${expected}`));
  expect(message.split('\n')).toHaveLength(1);
});

test('the URL of Redis must be one', async () => {
  const message = await startInVain('worker', { REDIS_URL: 'localhost' });
  expect(message).toMatch(/^REDIS_URL: "localhost" — expected /);
});

test('two settings that do not fit are both named', async () => {
  const env = { MILLRACE_HEARTBEAT_MS: '1000', MILLRACE_WORKER_TTL_MS: '1500' };
  const message = await startInVain('worker', env);
  expect(message).toContain('MILLRACE_WORKER_TTL_MS');
  expect(message).toContain('MILLRACE_HEARTBEAT_MS');
});

test.each([
  { role: 'front-door', variable: 'MILLRACE_HTTP_PORT' },
  { role: 'front-door', variable: 'MILLRACE_ADMIN_PORT' },
  { role: 'worker', variable: 'MILLRACE_ADMIN_PORT' },
] as const)('$role: a taken port is one line that names $variable', async ({ role, variable }) => {
  const other = createServer();
  onTestFinished(() => void other.close());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const message = await startInVain(role, { [variable]: String(port) });
  expect(message).toBe(`port ${port} on 127.0.0.1 is taken: set ${variable} to another one`);
});
