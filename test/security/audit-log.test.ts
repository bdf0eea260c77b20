import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { as, ENVELOPE_KEY, makeKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { send, toolCall } from '../support/wire.ts';

/** Who did what is on record, and nobody can change the record without its showing. */
const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const cluster = await startCluster({
  env: WITH_API_KEYS,
  frontDoorEnv: { MILLRACE_AUDIT: 'redis', MILLRACE_AUDIT_REDACT: 'a' },
});
const redis = await connectRedis(cluster.redisUrl);
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});
const LINES = `${cluster.prefix}:{@audit}:lines`;

async function millrace(of: Cluster, ...args: string[]): Promise<{ code: number; text: string }> {
  const env = {
    PATH: process.env['PATH'],
    REDIS_URL: of.redisUrl,
    MILLRACE_PREFIX: of.prefix,
    MILLRACE_ENVELOPE_KEY: ENVELOPE_KEY,
  };
  return promisify(execFile)(process.execPath, [MAIN, 'audit', ...args], { env }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, text: stdout }),
  );
}

async function records(): Promise<Record<string, unknown>[]> {
  const { text } = await millrace(cluster, 'tail', '--json', '--lines', '100');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { record: Record<string, unknown> }).record);
}

test('calls, denials and refusals are on record, without secrets', async () => {
  const { key, record, headers } = await makeKey(cluster, { tenant: 'acme', roles: ['execute:tools'] });
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  await send(cluster.url, as({ headers }, toolCall('add', { a: 1, b: 2 }, trace)));
  await send(cluster.url, as({ headers }, toolCall('echo', { text: `my key is ${key}` })));
  await send(cluster.url, as({ headers }, toolCall('fail')));
  await send(cluster.url, as({ headers }, toolCall('no_such_tool')));
  await send(cluster.url, toolCall('echo', { text: 'hello' }));
  await expect.poll(async () => (await records()).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(5);
  const who = {
    principal: `key:${record.subject}`,
    tenant: 'acme',
    method: 'tools/call',
    source: expect.stringContaining('127.0.0.1'),
  };
  const all = await records();
  expect(all).toEqual([
    expect.objectContaining({
      ...who,
      event: 'ended',
      name: 'add',
      arguments: { a: '[redacted]', b: 2 },
      decision: 'allowed',
      outcome: 'result',
      durationMs: expect.any(Number),
      requestId: '1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
    }),
    expect.objectContaining({ ...who, name: 'echo', arguments: { text: '[redacted]' }, outcome: 'result' }),
    expect.objectContaining({ ...who, name: 'fail', outcome: 'tool_error' }),
    expect.objectContaining({ ...who, name: 'no_such_tool', outcome: 'unknown_tool' }),
    expect.objectContaining({ event: 'refused', decision: 'denied', outcome: 'unauthenticated' }),
  ]);
  expect(JSON.stringify(all)).not.toContain(key);
});

test('a line that was changed or removed shows', async () => {
  expect(await millrace(cluster, 'verify')).toMatchObject({
    code: 0,
    text: expect.stringContaining('nothing was removed'),
  });
  const [first] = await redis.xrange(LINES, '-', '+', 'COUNT', 1);
  const [last] = await redis.xrevrange(LINES, '+', '-', 'COUNT', 1);
  await redis.xdel(LINES, last?.[0] ?? '');
  expect(await millrace(cluster, 'verify')).toMatchObject({
    code: 1,
    text: expect.stringContaining('ends with line'),
  });
  await redis.xdel(LINES, first?.[0] ?? '');
  expect(await millrace(cluster, 'verify')).toMatchObject({
    code: 1,
    text: expect.stringContaining('before line 2 are missing'),
  });
  const [entry] = await redis.xrange(LINES, '-', '+', 'COUNT', 1);
  await redis.xadd(LINES, '*', 'line', String(entry?.[1][1]).replace('"allowed"', '"denied"'));
  expect(await millrace(cluster, 'verify')).toMatchObject({
    code: 1,
    text: expect.stringContaining('was changed'),
  });
});

test('with `block` nothing is done that is not on record', async () => {
  const strict = await startCluster({
    privateRedis: true,
    frontDoorEnv: {
      MILLRACE_AUDIT: 'file',
      MILLRACE_AUDIT_PATH: '/nowhere/audit',
      MILLRACE_AUDIT_ON_FAILURE: 'block',
    },
  });
  const refused = await send(strict.url, toolCall('echo', { text: 'hello' }));
  expect([refused.status, refused.message.error?.data?.['name']]).toEqual([503, 'audit_unavailable']);
  expect(await strict.jobs()).toBe(0);
  await strict.stop();
});

test('with `count` calls go on, and what is lost is counted', async () => {
  const lenient = await startCluster({
    frontDoorEnv: { MILLRACE_AUDIT: 'file', MILLRACE_AUDIT_PATH: '/nowhere/audit' },
  });
  expect((await send(lenient.url, toolCall('echo', { text: 'hello' }))).status).toBe(200);
  await expect
    .poll(async () => (await fetch(`${lenient.adminUrls[0]}/metrics`)).text())
    .toContain('millrace_audit_records_total{outcome="lost"} 1');
  await lenient.stop();
});
