import { once } from 'node:events';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { as, makeKey, type TestKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { Session } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { type JsonRpcResponse, modernRequest, send, sessionRequest, toolCall } from '../support/wire.ts';

/**
 * Roles say what a caller may do, by patterns of names. What no role allows is denied, and does not show in lists.
 */
const AUTHORIZATION = {
  roles: {
    reader: { permissions: ['read:resources'], resources: ['note://*'], prompts: ['translate'] },
    adder: { permissions: ['execute:tools'], tools: ['add', 'ec*'] },
    writer: { permissions: ['execute:tools', 'write:resources'], tools: ['write_*'] },
  },
  tenants: { small: { tools: ['echo'], resources: [] } },
};
const cluster = await startCluster({
  plugins: ['fixture', 'guarded'],
  env: { ...WITH_API_KEYS, MILLRACE_AUTHORIZATION: JSON.stringify(AUTHORIZATION) },
});
afterAll(() => cluster.stop());
const { url } = cluster;

const keyWith = (...roles: string[]) => makeKey(cluster, { roles });
const [nobody, reader, adder, writer, admin] = await Promise.all([
  keyWith('a role that does not exist'),
  keyWith('reader'),
  keyWith('adder'),
  keyWith('writer'),
  keyWith('admin:access'),
]);

/** Names in the list that this caller gets. */
async function listed(who: TestKey, method: string): Promise<string[]> {
  const { result } = (await send(url, as(who, modernRequest(method)))).message;
  const entries = Object.values(result ?? {}).find(Array.isArray) as Record<string, string>[];
  return entries.map(({ uri, uriTemplate, name }) => uri ?? uriTemplate ?? name ?? '');
}

test('lists show what the caller may use, and nothing else', async () => {
  expect(await listed(adder, 'tools/list')).toEqual(['add', 'echo']);
  expect(await listed(adder, 'resources/list')).toEqual([]);
  expect(await listed(reader, 'tools/list')).toEqual([]);
  expect(await listed(reader, 'resources/list')).toEqual(['note://broken', 'note://readme']);
  expect(await listed(reader, 'resources/templates/list')).toEqual([]);
  expect(await listed(reader, 'prompts/list')).toEqual(['translate']);
  expect(await listed(writer, 'tools/list')).toEqual(['write_note']);
  expect(await listed(admin, 'tools/list')).toEqual(expect.arrayContaining(['add', 'fail', 'write_note']));
});

test('what was put together for one caller is not for others to keep', async () => {
  const { message } = await send(url, as(adder, modernRequest('tools/list')));
  expect(message.result).toMatchObject({ cacheScope: 'private' });
});

test('without a role everything is denied but the greeting', async () => {
  for (const list of ['tools/list', 'resources/list', 'prompts/list'])
    expect(await listed(nobody, list)).toEqual([]);
  expect((await send(url, as(nobody, modernRequest('server/discover')))).status).toBe(200);
  expect((await send(url, as(nobody, sessionRequest('ping')))).status).toBe(200);
  expect((await send(url, as(nobody, toolCall('echo', { text: 'x' })))).status).toBe(403);
});

const uri = (name: string) => ({ uri: name });
const ref = (reference: object) => ({ ref: reference, argument: { name: 'id', value: '' } });

test.each([
  ['a tool', () => adder, 'tools/call', { name: 'fail' }],
  ['a tool that does not exist', () => adder, 'tools/call', { name: 'no_such_tool' }],
  ['a resource', () => reader, 'resources/read', uri('image://dot')],
  ['a resource that no template may give', () => reader, 'resources/read', uri('user://1')],
  ['a way out of the pattern', () => reader, 'resources/read', uri('note://x/../../user')],
  ['an encoded way out of the pattern', () => reader, 'resources/read', uri('note://x/%2e%2e%2fuser')],
  ['a prompt', () => adder, 'prompts/get', { name: 'translate' }],
  [
    'the completion of a template',
    () => reader,
    'completion/complete',
    ref({ type: 'ref/resource', uri: 'user://{id}' }),
  ],
  [
    'the completion of a prompt',
    () => adder,
    'completion/complete',
    ref({ type: 'ref/prompt', name: 'translate' }),
  ],
  [
    'a tool that wants more',
    () => admin,
    'tools/call',
    { name: 'write_note', arguments: { text: 'x' } },
    true,
  ],
])('%s', async (_, who, method, params, allowed = false) => {
  const { status, message } = await send(url, as(who(), modernRequest(method, params)));
  expect({ status, name: message.error?.data?.['name'] }).toEqual(
    allowed ? { status: 200, name: undefined } : { status: 403, name: 'permission_denied' },
  );
});

test('over a WebSocket the same is denied, and the connection stays', async () => {
  const socket = new WebSocket(url.replace('http', 'ws').replace('/mcp', '/ws'), { headers: adder.headers });
  onTestFinished(() => socket.terminate());
  const heard: JsonRpcResponse[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data))));
  await once(socket, 'open');
  const denied = [
    modernRequest('tools/call', { name: 'fail' }),
    modernRequest('tools/call', { name: 'no_such_tool' }),
    modernRequest('resources/read', uri('note://readme')),
    modernRequest('prompts/get', { name: 'translate' }),
  ];
  const answerTo = (id: number) =>
    expect.poll(() => heard.find((message) => message.id === id), { timeout: 5_000 });
  for (const [id, { body }] of denied.entries()) {
    socket.send(JSON.stringify({ ...body, id }));
    await answerTo(id).toMatchObject({ error: { data: { name: 'permission_denied' } } });
  }
  socket.send(JSON.stringify({ ...toolCall('add', { a: 1, b: 2 }).body, id: 10 }));
  await answerTo(10).toMatchObject({ result: { structuredContent: { sum: 3 } } });
});

test('a scope that would help is named, and where none would, none is', async () => {
  const lacking = await send(url, as(reader, toolCall('echo')));
  expect(lacking.headers.get('www-authenticate')).toMatch(
    /error="insufficient_scope".*scope="execute:tools"/,
  );
  const elsewhere = await send(url, as(adder, toolCall('fail')));
  expect(elsewhere.headers.get('www-authenticate')).toBeNull();
});

test('a tool that wants more than execute:tools gets it, or is denied', async () => {
  const executor = await keyWith('execute:tools');
  const call = toolCall('write_note', { text: 'it' });
  expect((await send(url, as(executor, call))).message.error?.data).toMatchObject({
    name: 'permission_denied',
    details: { permission: 'write:resources', name: 'write_note' },
  });
  expect(await listed(executor, 'tools/list')).not.toContain('write_note');
  expect((await send(url, as(writer, call))).message.result).toMatchObject({
    content: [{ text: 'wrote it' }],
  });
});

test('a tenant has bounds that no role exceeds', async () => {
  const small = await makeKey(cluster, { tenant: 'small', roles: ['admin:access'] });
  expect(await listed(small, 'tools/list')).toEqual(['echo']);
  expect((await send(url, as(small, toolCall('add', { a: 1, b: 2 })))).status).toBe(403);
  expect((await send(url, as(small, modernRequest('resources/read', uri('note://readme'))))).status).toBe(
    403,
  );
});

test('nobody follows a resource that they may not read', async () => {
  const session = await Session.open(url, { headers: reader.headers });
  const denied = await session.request(url, 'resources/subscribe', uri('user://1'));
  expect(denied.message.error?.data?.['name']).toBe('permission_denied');
  expect((await session.request(url, 'resources/subscribe', uri('note://readme'))).status).toBe(200);

  const wish = { resourceSubscriptions: ['note://readme', 'user://1'] };
  const { headers, body } = as(reader, modernRequest('subscriptions/listen', { notifications: wish }));
  const stream = await EventStream.open(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await stream.message()).message['params']).toMatchObject({
    notifications: { resourceSubscriptions: ['note://readme'] },
  });
  stream.drop();
});
