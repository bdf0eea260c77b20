import { afterAll, expect, test } from 'vitest';
import { WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * Without authentication a front door serves its own machine, and says so; it is not opened to others by an oversight.
 */
const cluster = await startCluster();
afterAll(() => cluster.stop());

test('a front door without authentication says so with every start', async () => {
  const line = await cluster.frontDoors[0]?.logs.first(
    'NO AUTHENTICATION: everybody who reaches the MCP endpoint may call every tool',
  );
  expect(line).toMatchObject({ level: 'warn', host: '127.0.0.1' });
});

test('it does not start where others can connect, unless that is said on purpose', async () => {
  const refused = cluster.spawn('front-door', { MILLRACE_HTTP_HOST: '0.0.0.0' });
  expect(await refused.exited).toMatchObject({ code: 1 });
  expect(refused.stderr).toMatch(
    /^MILLRACE_AUTH: not set, MILLRACE_HTTP_HOST: "0.0.0.0" — expected api-key, jwt/,
  );
  const meant = await cluster.startFrontDoor({ MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_AUTH: 'none' });
  await meant.logs.first('the catalogue changed', { workers: 1 });
  const { message } = await send(cluster.urls.at(-1) ?? '', toolCall('echo', { text: 'hello' }));
  expect(message.result).toMatchObject({ content: [{ text: 'hello' }] });
});

test('authentication does not start without the secret that keeps the queue honest', async () => {
  for (const role of ['front-door', 'worker'] as const) {
    const refused = cluster.spawn(role, { ...WITH_API_KEYS, MILLRACE_ENVELOPE_KEY: '' });
    expect(await refused.exited).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(/^MILLRACE_ENVELOPE_KEY: not set — expected with MILLRACE_AUTH: a secret/);
  }
});

test('a worker with authentication runs nothing for a front door without', async () => {
  const guarded = await startCluster({ workerEnv: WITH_API_KEYS });
  try {
    const { message } = await send(guarded.url, toolCall('echo', { text: 'hello' }));
    expect(message.error).toMatchObject({
      message: 'echo: the call has no valid seal',
      data: { name: 'permission_denied' },
    });
  } finally {
    await guarded.stop();
  }
});
