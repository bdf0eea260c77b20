import { once } from 'node:events';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { as, makeKey, WITH_API_KEYS, withKeyTable } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { EventStream } from '../support/sse.ts';
import { modernRequest, send, sessionRequest, toolCall } from '../support/wire.ts';

/**
 * With authentication on, nobody gets in without a credential. An API key is shown with each request; what becomes of
 * it counts everywhere within two seconds.
 */
const cluster = await startCluster({
  frontDoors: 2,
  env: WITH_API_KEYS,
  frontDoorEnv: { MILLRACE_KEEP_ALIVE_MS: '200' },
});
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

/** How soon a revocation must count. */
const SOON = { timeout: 2_000, interval: 50 };

const hello = toolCall('echo', { text: 'hello' });

test('without a credential nothing is served, and the answer says that one is needed', async () => {
  for (const request of [
    hello,
    sessionRequest('initialize'),
    sessionRequest('ping'),
    modernRequest('tools/list'),
  ]) {
    const { status, headers, message } = await send(here, request);
    expect({ status, name: message.error?.data?.['name'] }).toEqual({ status: 401, name: 'unauthenticated' });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="millrace"');
  }
  for (const method of ['GET', 'DELETE']) expect((await fetch(here, { method })).status).toBe(401);
});

test('a good key is let in on every front door, as a bearer token or in a header of its own', async () => {
  const { key, headers } = await makeKey(cluster);
  for (const url of [here, there]) {
    expect((await send(url, as({ headers }, hello))).message.result).toMatchObject({
      content: [{ text: 'hello' }],
    });
    expect((await send(url, as({ headers: { 'x-api-key': key } }, hello))).status).toBe(200);
  }
});

test.each([
  [
    'an unknown key',
    'Bearer mrk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'invalid_token',
  ],
  ['something like a key', 'Bearer mrk_x', 'invalid_token'],
  ['a token where none are taken', 'Bearer eyJhbGciOiJub25lIn0.e30.', 'invalid_token'],
  ['another scheme', 'Basic dXNlcjpwYXNz', 'invalid_request'],
])('%s is refused', async (_, authorization, problem) => {
  const { status, headers } = await send(here, as({ headers: { authorization } }, hello));
  expect(status).toBe(401);
  expect(headers.get('www-authenticate')).toContain(`error="${problem}"`);
});

test('the secret of another key is refused, as are two credentials at once', async () => {
  const [one, other] = [await makeKey(cluster), await makeKey(cluster)];
  const mixed = `${one.key.slice(0, 21)}${other.key.slice(21)}`;
  expect((await send(here, as({ headers: { authorization: `Bearer ${mixed}` } }, hello))).status).toBe(401);
  const both = { headers: { ...one.headers, 'x-api-key': other.key } };
  expect((await send(here, as(both, hello))).status).toBe(401);
});

test('a revoked key is refused everywhere within two seconds', async () => {
  const key = await makeKey(cluster);
  for (const url of [here, there]) expect((await send(url, as(key, hello))).status).toBe(200);
  await withKeyTable(cluster, (table) => table.remove(key.record.id));
  for (const url of [here, there]) {
    await expect.poll(async () => (await send(url, as(key, hello))).status, SOON).toBe(401);
  }
});

test('a key ends at its time', async () => {
  const key = await makeKey(cluster, { expiresAt: Date.now() + 700 });
  expect((await send(here, as(key, hello))).status).toBe(200);
  await expect.poll(async () => (await send(here, as(key, hello))).status, SOON).toBe(401);
});

test('a revoked key hears nothing more on streams that it opened', async () => {
  const key = await makeKey(cluster);
  const { headers, body } = as(
    key,
    modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }),
  );
  const stream = await EventStream.open(here, { method: 'POST', headers, body: JSON.stringify(body) });
  onTestFinished(() => stream.drop());
  await stream.message();
  await withKeyTable(cluster, (table) => table.remove(key.record.id));
  expect(await stream.next()).toBeUndefined();
});

test('a WebSocket opens with a good key only, and closes when the key is revoked', async () => {
  const ws = here.replace('http', 'ws').replace('/mcp', '/ws');
  const refused = new WebSocket(ws);
  const [, { statusCode, headers: challenge }] = await once(refused, 'unexpected-response');
  expect({ statusCode, asked: challenge['www-authenticate'] }).toEqual({
    statusCode: 401,
    asked: 'Bearer realm="millrace"',
  });

  const { headers, record } = await makeKey(cluster);
  const socket = new WebSocket(ws, { headers });
  const heard = messagesOf(socket);
  await once(socket, 'open');
  const { body } = toolCall('echo', { text: 'over a socket' });
  const ask = () => socket.send(JSON.stringify(body));
  ask();
  await expect.poll(() => heard.join()).toContain('over a socket');

  const closed = once(socket, 'close');
  await withKeyTable(cluster, (table) => table.remove(record.id));
  const asking = setInterval(ask, 50);
  const [code] = await closed;
  clearInterval(asking);
  expect(code).toBe(4401);
});

function messagesOf(socket: WebSocket): string[] {
  const heard: string[] = [];
  socket.on('message', (data) => heard.push(String(data)));
  return heard;
}

test('Redis holds nothing that opens the door: no secret, and no record that was not signed', async () => {
  const { key, record, headers } = await makeKey(cluster);
  const [stored] = await withKeyTable(cluster, (table) => table.find([record.id]));
  expect(stored).not.toContain(key.slice(21));
  const forged = { ...record, id: 'feedfacefeedface', roles: ['admin:access'] };
  await withKeyTable(cluster, (table) => table.put(forged.id, JSON.stringify(forged)));
  const shown = headers.authorization.replace(record.id, forged.id);
  expect((await send(here, as({ headers: { authorization: shown } }, hello))).status).toBe(401);
  const promoted = { ...record, roles: ['admin:access'] };
  await withKeyTable(cluster, (table) => table.put(record.id, JSON.stringify(promoted)));
  await expect.poll(async () => (await send(here, as({ headers }, hello))).status, SOON).toBe(401);
});

test('the last use of a key is noted', async () => {
  const key = await makeKey(cluster);
  const before = Date.now();
  await send(here, as(key, hello));
  const lastUse = async () => (await withKeyTable(cluster, (table) => table.uses())).get(key.record.id) ?? 0;
  await expect.poll(lastUse).toBeGreaterThanOrEqual(before);
});
