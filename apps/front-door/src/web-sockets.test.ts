import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Answer } from '@millrace/dispatch';
import { META, MODERN_REVISION, REVISIONS } from '@millrace/protocol';
import { expect, test, vi } from 'vitest';
import { Client, initialized, modern, RECORD, serve } from './testing/web-sockets.ts';

test('whoever connects is welcomed', async () => {
  const { connect, sockets } = await serve();
  const { messages } = await connect();
  expect(messages[0]?.params).toEqual({
    connectionId: expect.stringMatching(/^[\da-f-]{36}$/),
    serverInfo: { name: 'millrace', version: '1.2.3' },
    supportedVersions: REVISIONS,
  });
  expect(sockets.size).toBe(1);
});

test('requests run in parallel and are answered in any order', async () => {
  const { backend, connect } = await serve();
  const client = await connect();
  client.send(modern(1, 'tools/call', { name: '=?base64?no?=' }));
  client.send(modern(2, 'tools/call', { name: 'grüßen' }));
  await vi.waitUntil(() => backend.requests.length === 2);
  const [first, second] = backend.requests;
  expect(first?.[0]).not.toHaveProperty('headers');
  expect([first?.[0].era, second?.[0].revision, first?.[0].session]).toEqual([
    'modern',
    MODERN_REVISION,
    undefined,
  ]);
  second?.[1].notification('{"jsonrpc":"2.0","method":"notifications/progress"}');
  second?.[1].result('"second"');
  first?.[1].result('"first"');
  await client.got({ id: 1 });
  expect(client.messages.slice(1)).toEqual([
    { jsonrpc: '2.0', method: 'notifications/progress' },
    { jsonrpc: '2.0', id: 2, result: 'second' },
    { jsonrpc: '2.0', id: 1, result: 'first' },
  ]);
});

test('a cancelled request gets no answer, and its work is told', async () => {
  const { backend, connect } = await serve();
  const client = await connect();
  client.send(modern(1, 'tools/call', { name: 'hold' }));
  await vi.waitUntil(() => backend.requests.length === 1);
  const answer = backend.requests[0]?.[1] as Answer;
  const gone = new Promise<void>((resolve) => answer.onGone(resolve));
  client.send({ method: 'notifications/cancelled', params: { requestId: 1 } });
  await gone;
  answer.result('"late"');
  client.send({ id: 2, method: 'ping', params: {} });
  await client.got({ id: 2 });
  expect(client.messages.map(({ id }) => id)).toEqual([undefined, 2]);
});

test('the work of a client that is gone is told', async () => {
  const { backend, connect, sockets } = await serve();
  const client = await connect();
  client.send(modern(1, 'tools/call', { name: 'hold' }));
  await vi.waitUntil(() => backend.requests.length === 1);
  const gone = new Promise<void>((resolve) => backend.requests[0]?.[1].onGone(resolve));
  client.socket.terminate();
  await gone;
  expect(sockets.size).toBe(0);
});

test('initialize opens a session, which the requests and answers of the connection belong to', async () => {
  const served = await serve();
  const { backend } = served;
  const client = await initialized(served);
  client.send({ id: 1, method: 'ping', params: {} });
  await client.got({ id: 1 });
  expect(backend.requests.map(([{ session, revision }]) => [session, revision])).toEqual([
    [undefined, '2025-03-26'],
    [RECORD, '2025-06-18'],
  ]);
  client.send({ id: 'w-1/c/1', result: { action: 'accept' } });
  await vi.waitUntil(() => backend.oneWay.length === 1);
  expect(backend.oneWay).toMatchObject([{ kind: 'response', message: { id: 'w-1/c/1' } }]);
});

test('the session ends with the connection', async () => {
  const served = await serve();
  const client = await initialized(served);
  client.socket.close();
  await vi.waitUntil(() => served.backend.ended.length > 0);
  expect(served.backend.ended).toEqual([RECORD.id]);
  expect(served.backend.subscribers.size).toBe(0);
});

test('the client of a session hears of changes: of all lists, and of the resources that it follows', async () => {
  const served = await serve();
  const client = await initialized(served);
  client.send({ id: 1, method: 'resources/subscribe', params: { uri: 'file:///a' } });
  await client.got({ id: 1 });
  const tell = (uri: string) => {
    for (const one of served.backend.subscribers) one.changed({ kind: 'resource', uri }, 0);
  };
  tell('file:///b');
  tell('file:///a');
  for (const one of served.backend.subscribers) one.changed({ kind: 'list', list: 'tools' }, 0);
  await client.got({ method: 'notifications/tools/list_changed' });
  expect(client.messages.slice(3).map(({ params }) => params)).toEqual([{ uri: 'file:///a' }, {}]);
});

test.each([
  ['no JSON', '{', null, -32_700],
  ['no message', '{"id":3}', null, -32_600],
  ['several messages in one frame', '[]', null, -32_600],
  [
    'an envelope that is not whole',
    JSON.stringify({
      jsonrpc: '2.0',
      ...modern(4, 'x'),
      params: { _meta: { [META.protocolVersion]: MODERN_REVISION } },
    }),
    4,
    -32_602,
  ],
  ['what the method refuses', JSON.stringify({ jsonrpc: '2.0', ...modern(5, 'refused') }), 5, -32_602],
])('%s is answered with an error, and the connection stays', async (_, text, id, code) => {
  const { connect } = await serve();
  const client = await connect();
  client.send(text);
  expect((await client.got({ id })).error?.code).toBe(code);
  client.send({ id: 9, method: 'ping', params: {} });
  await client.got({ id: 9 });
});

test('two requests at a time cannot have the same id', async () => {
  const { backend, connect } = await serve();
  const client = await connect();
  for (let times = 0; times < 2; times += 1) client.send(modern(1, 'tools/call', { name: 'hold' }));
  expect((await client.got({ id: 1 })).error?.message).toContain('in use');
  backend.requests[0]?.[1].result('"first"');
  await client.got({ result: 'first' });
});

test('a message that is too long closes the connection with 1009', async () => {
  const client = await (await serve()).connect();
  client.send(`"${'x'.repeat(2_000)}"`);
  expect((await client.closed())[0]).toBe(1009);
});

test('a message that is no UTF-8 closes the connection with 1007', async () => {
  const client = await (await serve()).connect();
  client.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
  expect((await client.closed())[0]).toBe(1007);
});

test('a binary frame closes the connection with 1003', async () => {
  const client = await (await serve()).connect();
  client.socket.send(Buffer.from('{}'), { binary: true });
  expect(await client.closed()).toEqual([1003, 'messages are text frames']);
});

test('a client that does not read is given up', async () => {
  const { backend, connect, sockets } = await serve({ maxBufferBytes: 100_000 });
  const client = await connect();
  client.send(modern(1, 'tools/call', { name: 'flood' }));
  await vi.waitUntil(() => backend.requests.length === 1);
  client.socket.pause();
  const payload = JSON.stringify('x'.repeat(1_000_000));
  for (let sent = 0; sent < 50; sent += 1) {
    backend.requests[0]?.[1].notification(payload);
    await new Promise(setImmediate);
  }
  await vi.waitUntil(() => sockets.size === 0, { timeout: 5_000 });
  const closed = client.closed();
  client.socket.resume();
  await closed;
  // What the system took for the client came; the rest did not gather here.
  expect(client.messages.length).toBeLessThan(50);
});

test('a client that gives no sign of life is closed', async () => {
  const { connect, backend } = await serve({ heartbeatMs: 20, idleMs: 60 });
  const client = await connect({ autoPong: false });
  client.send(modern(1, 'tools/call', { name: 'hold' }));
  expect(await client.closed()).toEqual([4000, 'no sign of life']);
  expect(backend.requests).toHaveLength(1);
});

test('a client that wants nothing is closed; one with a session or a request is kept', async () => {
  const served = await serve({ heartbeatMs: 20, idleMs: 60 });
  const inSession = await initialized(served);
  const asking = await served.connect();
  asking.send(modern(1, 'tools/call', { name: 'hold' }));
  const idle = await served.connect();
  expect(await idle.closed()).toEqual([1000, 'idle']);
  await once(asking.socket, 'ping');
  expect([inSession, asking].map(({ socket }) => socket.readyState)).toEqual([1, 1]);
  expect(served.backend.found.length).toBeGreaterThan(2);
});

test.each([
  [{ origin: 'https://evil.example' }, 403],
  [{ host: 'evil.example' }, 403],
  [{ origin: 'http://localhost:3000' }, 101],
])('a page may connect from a known host only: %j', async (headers, status) => {
  const { url } = await serve();
  const { socket } = new Client(url, { headers });
  const answer = new Promise((resolve) => {
    socket.once('upgrade', ({ statusCode }: IncomingMessage) => resolve(statusCode));
    socket.once('unexpected-response', (_, { statusCode }: IncomingMessage) => resolve(statusCode));
  });
  expect(await answer).toBe(status);
});

test('a stop lets what runs be answered, refuses what comes, and closes', async () => {
  const { backend, connect, sockets } = await serve();
  const [busy, idle] = [await connect(), await connect()];
  busy.send(modern(1, 'tools/call', { name: 'hold' }));
  await vi.waitUntil(() => backend.requests.length === 1);
  const stopped = sockets.stop(Date.now() + 5_000);
  expect((await idle.closed())[0]).toBe(1001);
  busy.send(modern(2, 'tools/call', { name: 'hold' }));
  await busy.got({ id: 2 });
  const closed = busy.closed();
  backend.requests[0]?.[1].result('"done"');
  expect((await closed)[0]).toBe(1001);
  await stopped;
  expect(busy.messages.slice(1).map(({ result, error }) => result ?? error?.message)).toEqual([
    'The front door is shutting down',
    'done',
  ]);
});

test('at the deadline of the stop all are closed, and the stop says what that cut off', async () => {
  const { backend, connect, sockets } = await serve();
  const client = await connect();
  client.send(modern(1, 'tools/call', { name: 'hold' }));
  await vi.waitUntil(() => backend.requests.length === 1);
  const closed = client.closed();
  await connect();
  await expect(sockets.stop(Date.now() + 20)).rejects.toThrow('open requests: 1');
  expect((await closed)[0]).toBe(1006);
});
