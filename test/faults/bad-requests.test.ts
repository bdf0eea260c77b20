import { gzipSync } from 'node:zlib';
import { META, MODERN_REVISION, REVISIONS } from '@millrace/protocol';
import { afterAll, describe, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { modernRequest, send, sendRaw, sessionRequest, toolCall, type WireRequest } from '../support/wire.ts';

const MAX_BODY_BYTES = 500_000;
const cluster = await startCluster({ frontDoorEnv: { MILLRACE_MAX_BODY_BYTES: String(MAX_BODY_BYTES) } });
afterAll(() => cluster.stop());

/** The same request with some headers changed; `undefined` leaves one out. */
function withHeaders(request: WireRequest, changes: Record<string, string | undefined>): WireRequest {
  const headers = Object.entries({ ...request.headers, ...changes }).filter(
    (header): header is [string, string] => header[1] !== undefined,
  );
  return { headers: Object.fromEntries(headers), body: request.body };
}

const ERAS = [
  { era: '2026', request: modernRequest },
  { era: '2025', request: sessionRequest },
] as const;

const echo = toolCall('echo', { text: 'x' });

describe.each(ERAS)('a request of $era', ({ era, request }) => {
  test('that is no JSON is refused', async () => {
    const { headers } = request('tools/list');
    const answer = await sendRaw(cluster.url, headers, '{"jsonrpc":"2.0","id":1,"method":');
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ id: null, error: { code: -32700, data: { type: 'validation' } } });
  });

  test('that is too large is refused', async () => {
    const text = 'x'.repeat(MAX_BODY_BYTES);
    const answer = await send(cluster.url, request('tools/call', { name: 'echo', arguments: { text } }));
    expect(answer.status).toBe(413);
    expect(answer.message.error?.message).toContain(String(MAX_BODY_BYTES));
  });

  test('that does not tell its size is refused when it proves too large', async () => {
    const { headers } = request('tools/list');
    const body = new Blob(['x'.repeat(MAX_BODY_BYTES + 1)]).stream();
    const answer = await fetch(cluster.url, { method: 'POST', headers, body, duplex: 'half' });
    expect(answer.status).toBe(413);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
    'of type %s is refused',
    async (type) => {
      const answer = await send(cluster.url, withHeaders(request('tools/list'), { 'content-type': type }));
      expect(answer.status).toBe(415);
      expect(answer.message.error?.message).toContain('application/json');
    },
  );

  test('that is compressed is refused', async () => {
    const { headers, body } = withHeaders(request('tools/list'), { 'content-encoding': 'gzip' });
    const answer = await sendRaw(cluster.url, headers, Uint8Array.from(gzipSync(JSON.stringify(body))));
    expect(answer.status).toBe(415);
    expect(answer.message.error?.message).toContain('Content-Encoding');
  });

  test('that takes no answer we can give is refused', async () => {
    const answer = await send(cluster.url, withHeaders(request('tools/list'), { accept: 'text/html' }));
    expect(answer.status).toBe(406);
  });

  test('for an unknown method is refused', async () => {
    const answer = await send(cluster.url, request('tools/destroy'));
    expect(answer.status).toBe(era === '2026' ? 404 : 200);
    expect(answer.message).toMatchObject({
      id: 1,
      error: { code: -32601, message: expect.stringContaining('tools/destroy') },
    });
  });

  test('for an unknown tool is refused', async () => {
    const answer = await send(cluster.url, request('tools/call', { name: 'nonsense', arguments: {} }));
    expect(answer.status).toBe(200);
    expect(answer.message.error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('nonsense'),
      data: { details: { field: 'name' } },
    });
  });

  test.each([
    { what: 'a missing argument', args: { a: 1 }, path: 'b' },
    { what: 'an argument of the wrong type', args: { a: 'one', b: 2 }, path: 'a' },
  ])('with $what is refused, and the answer names the field', async ({ args, path }) => {
    const answer = await send(cluster.url, request('tools/call', { name: 'add', arguments: args }));
    expect(answer.status).toBe(200);
    const { code, message, data } = answer.message.error ?? {};
    expect(code).toBe(-32602);
    expect(message).toMatch(new RegExp(`\\b${path}: `));
    expect(data).toMatchObject({ type: 'validation', details: { issues: [{ path }] } });
  });

  test('for a resource that is not there is refused with the code of its era', async () => {
    const answer = await send(cluster.url, request('resources/read', { uri: 'note://nowhere' }));
    expect(answer.status).toBe(200);
    const code = era === '2026' ? -32602 : -32002;
    expect(answer.message.error).toMatchObject({
      code,
      message: 'Resource not found: note://nowhere',
      data: { uri: 'note://nowhere', name: 'resource_not_found', code },
    });
  });

  test.each([
    { method: 'prompts/get', params: { name: 'nothing' }, names: 'nothing' },
    { method: 'prompts/get', params: { name: 'translate', arguments: {} }, names: 'text' },
    { method: 'resources/read', params: {}, names: 'uri' },
    { method: 'tools/list', params: { cursor: 'made-up' }, names: 'cursor' },
    { method: 'completion/complete', params: { ref: { type: 'ref/none' } }, names: 'ref' },
  ])(
    'for $method of something that is not there is refused by its name',
    async ({ method, params, names }) => {
      const answer = await send(cluster.url, request(method, params));
      expect(answer.status).toBe(200);
      expect(answer.message.error).toMatchObject({ code: -32602, message: expect.stringContaining(names) });
    },
  );
});

describe('headers that disagree with the body', () => {
  test.each([
    { what: 'another method', changes: { 'mcp-method': 'tools/list' } },
    { what: 'another tool', changes: { 'mcp-name': 'add' } },
    { what: 'another revision', changes: { 'mcp-protocol-version': '2025-11-25' } },
    { what: 'no method', changes: { 'mcp-method': undefined } },
    { what: 'no tool', changes: { 'mcp-name': undefined } },
  ])('$what', async ({ changes }) => {
    const answer = await send(cluster.url, withHeaders(echo, changes));
    expect(answer.status).toBe(400);
    expect(answer.message).toMatchObject({ id: 1, error: { code: -32020 } });
  });

  test('a name in base64 agrees when it says the same', async () => {
    const name = `=?base64?${Buffer.from('echo').toString('base64')}?=`;
    const answer = await send(cluster.url, withHeaders(echo, { 'mcp-name': name }));
    expect(answer.message.result).toBeDefined();
  });
});

describe('a revision that is not served', () => {
  test('2026 era: the answer lists what is', async () => {
    const request = modernRequest('tools/list', {}, { [META.protocolVersion]: '2099-01-01' });
    const answer = await send(cluster.url, withHeaders(request, { 'mcp-protocol-version': '2099-01-01' }));
    expect(answer.status).toBe(400);
    expect(answer.message.error).toMatchObject({
      code: -32022,
      data: { supported: [MODERN_REVISION], requested: '2099-01-01' },
    });
  });

  test('2025 era: the answer lists what is', async () => {
    const answer = await send(cluster.url, sessionRequest('tools/list', {}, '2024-11-05'));
    expect(answer.status).toBe(400);
    expect(answer.message.error).toMatchObject({
      code: -32022,
      data: { supported: REVISIONS, requested: '2024-11-05' },
    });
    expect(REVISIONS).toContain(MODERN_REVISION);
  });
});

test.each(['GET', 'DELETE', 'PUT'])('%s is not allowed', async (method) => {
  const { headers } = modernRequest('tools/list');
  const answer = await fetch(cluster.url, { method, headers });
  expect(answer.status).toBe(405);
});

describe('nothing that a client sends is answered with 5xx', () => {
  const DEPTH = 100_000;
  const nested = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;
  const { _meta } = modernRequest('').body['params'] as { _meta: unknown };
  const call = (params: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":${JSON.stringify(_meta)},${params}}}`;

  test.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"tools/list"'],
    ['an empty object', '{}'],
    ['an empty batch', '[]'],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","id":2,"method":"ping"}]'],
    ['another JSON-RPC', '{"jsonrpc":"1.0","id":1,"method":"tools/list"}'],
    ['no id', '{"jsonrpc":"2.0","method":"tools/call","params":{}}'],
    ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"tools/list"}'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"tools/list"}'],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}'],
    ['the method of every object', '{"jsonrpc":"2.0","id":1,"method":"constructor"}'],
    ['params that are a list', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}'],
    ['params that are null', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}'],
    [
      'a tool of the prototype',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"__proto__"}}',
    ],
    ['a name that is an object', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":{}}}'],
    ['a response to nothing', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['an initialize without params', '{"jsonrpc":"2.0","id":1,"method":"initialize"}'],
    ['arguments that are a list', call('"arguments":[]')],
    ['arguments that are a string', call('"arguments":"x"')],
    ['arguments that set the prototype', call('"arguments":{"text":"x","__proto__":{"a":1}}')],
    ['half of a surrogate pair', call('"arguments":{"text":"\\ud800"}')],
    ['a number beyond all', call('"arguments":{"text":"x","n":1e999}')],
    ['a broken progress token', call('"arguments":{"text":"x"},"progressToken":{}')],
    ['endless nesting', nested],
    ['endless nesting in a call', call(`"arguments":{"text":"x","deep":${nested}}`)],
  ])('%s', async (_what, body) => {
    for (const { headers } of [echo, sessionRequest('tools/call')]) {
      const answer = await sendRaw(cluster.url, headers, body);
      expect(answer.status).toBeLessThan(500);
    }
  });

  test('bytes that are no UTF-8', async () => {
    const answer = await sendRaw(cluster.url, echo.headers, new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
    expect(answer.status).toBe(400);
  });

  test.each(['/', '/mcp/', '/mcp/x', '//mcp', '/%', '/readyz', '/constructor'])('path %s', async (path) => {
    const answer = await fetch(new URL(cluster.url).origin + path, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(404);
  });

  test('after all that it serves as before', async () => {
    expect((await send(cluster.url, echo)).message.result).toMatchObject({ content: [{ text: 'x' }] });
    expect(cluster.frontDoors[0]?.logs.all.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
