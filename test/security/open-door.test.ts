import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
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

const OPEN = { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_AUTH: 'none' };
const NAMED = {
  MILLRACE_ALLOWED_HOSTS: '127.0.0.1,agents.internal',
  MILLRACE_PUBLIC_URL: 'https://mcp.example.com/mcp',
  MILLRACE_CORS_ORIGINS: 'https://app.example',
};
const REBOUND = { origin: 'http://evil.example', host: 'evil.example' };

test.each<[where: string, env: Record<string, string>, headers: Record<string, string>, isServed: boolean]>([
  ['another site', OPEN, { origin: 'https://evil.example' }, false],
  ['a name of its own for the front door', OPEN, REBOUND, false],
  ['a file or a sandbox', OPEN, { origin: 'null' }, false],
  ['this machine', OPEN, { origin: 'http://localhost:3000' }, true],
  ['no page, by any name', OPEN, { host: 'anything.example' }, true],
  ['no page, by a name that is not allowed', { ...OPEN, ...NAMED }, { host: 'anything.example' }, false],
  ['a host that is allowed', { ...OPEN, ...NAMED }, { origin: 'http://agents.internal:8080' }, true],
  ['the host of the public URL', { ...OPEN, ...NAMED }, { origin: 'https://mcp.example.com' }, true],
  ['an origin that is listed', { ...OPEN, ...NAMED }, { origin: 'https://app.example' }, true],
  ['another site', { ...OPEN, ...NAMED }, { origin: 'https://evil.example' }, false],
])('where all addresses are open, a request from %s', async (_, env, headers, isServed) => {
  const url = await doorWith(env);
  expect(await statusOfCall(url, headers)).toBe(isServed ? 200 : 403);
  expect(await statusOfSocket(url, headers)).toBe(isServed ? 101 : 403);
});

const doors = new Map<string, Promise<string>>();

/** @returns where a front door with these settings listens; tests share it */
function doorWith(env: Record<string, string>): Promise<string> {
  const key = JSON.stringify(env);
  const door = doors.get(key) ?? startDoor(env);
  doors.set(key, door);
  return door;
}

async function startDoor(env: Record<string, string>): Promise<string> {
  const door = await cluster.startFrontDoor(env);
  const { http } = await door.listening();
  await door.logs.first('the catalogue changed', { workers: 1 });
  return `http://127.0.0.1:${http?.port}/mcp`;
}

/** With `node:http`, which sends any `Host` as it is told. */
async function statusOfCall(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const call = toolCall('echo', { text: 'hello' });
  const asking = request(url, { method: 'POST', headers: { ...call.headers, ...headers } });
  asking.end(JSON.stringify(call.body));
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

async function statusOfSocket(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const socket = new WebSocket(url.replace('http', 'ws').replace('/mcp', '/ws'), { headers });
  const status = new Promise<number | undefined>((resolve) => {
    socket.once('upgrade', ({ statusCode }: IncomingMessage) => resolve(statusCode));
    socket.once('unexpected-response', (_, { statusCode }: IncomingMessage) => resolve(statusCode));
  });
  // What was refused breaks off when it is closed before it is open.
  socket.on('error', () => undefined);
  const seen = await status;
  socket.terminate();
  return seen;
}

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
