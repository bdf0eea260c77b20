import { afterAll, describe, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { Session, textOf } from '../support/session.ts';
import { type JsonRpcResponse, readAnswer, send, sendRaw, sessionRequest } from '../support/wire.ts';

/**
 * The official suite has no requirements for the revisions 2025-06-18 and 2025-03-26. This is what they prescribe, as
 * a client sees it whose requests meet another replica each time.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 1, plugins: ['fixture', 'asking'] });
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

const echo = (text: string) => ({ name: 'echo', arguments: { text } });
const initialize = (revision: string) => ({
  protocolVersion: revision,
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
});

/** The headers of a client that names no revision. */
function unversioned({ headers }: Session): Record<string, string> {
  const { 'mcp-protocol-version': _, ...rest } = headers;
  return rest;
}

describe.each(['2025-06-18', '2025-03-26'])('revision %s', (revision) => {
  const open = (capabilities = {}) => Session.open(here, { revision, capabilities });

  test('is negotiated as it is asked for', async () => {
    const { message, headers } = await send(
      here,
      sessionRequest('initialize', initialize(revision), revision),
    );
    expect(message.result).toEqual({
      protocolVersion: revision,
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      serverInfo: { name: 'millrace', version: expect.any(String) },
    });
    // Visible ASCII alone, as the specification wants it.
    expect(headers.get('mcp-session-id')).toMatch(/^[\x21-\x7e]{16,}$/);
  });

  test('what a client says without waiting for an answer is taken with 202 and nothing else', async () => {
    const session = await open();
    const { status, text } = await session.post(there, { method: 'notifications/initialized' });
    expect({ status, text }).toEqual({ status: 202, text: '' });
  });

  test('a ping is answered with an empty result', async () => {
    const session = await open();
    expect((await session.request(there, 'ping')).message).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  });

  test.each(['1999-01-01', '2024-11-05', '2025-07-01'])(
    'the version header %s is refused, whatever the request',
    async (wrong) => {
      const session = await open();
      const headers = { ...session.headers, 'mcp-protocol-version': wrong };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: {} });
      const answers = await Promise.all([
        sendRaw(there, headers, body),
        sendRaw(there, headers, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })),
        fetch(there, { headers }).then(readAnswer),
        fetch(there, { headers, method: 'DELETE' }).then(readAnswer),
      ]);
      for (const { status, message } of answers) {
        expect({ status, code: message.error?.code }).toEqual({ status: 400, code: -32022 });
        expect(message.error?.data).toMatchObject({
          requested: wrong,
          supported: expect.arrayContaining([revision]),
        });
      }
      expect((await session.request(there, 'ping')).status).toBe(200);
    },
  );

  test('a session says by itself which revision it has', async () => {
    const session = await open();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: echo('hi') });
    expect(textOf((await sendRaw(there, unversioned(session), body)).message)).toBe('hi');
  });

  test('methods of 2026-07-28 are unknown', async () => {
    const session = await open();
    for (const method of ['server/discover', 'subscriptions/listen', 'tasks/get']) {
      const { status, message } = await session.request(there, method);
      expect({ status, code: message.error?.code }).toEqual({ status: 200, code: -32601 });
    }
  });

  test('results have no members of 2026-07-28', async () => {
    const session = await open();
    const requests = [
      ['tools/list', {}],
      ['resources/list', {}],
      ['resources/templates/list', {}],
      ['prompts/list', {}],
      ['tools/call', echo('hi')],
      ['resources/read', { uri: 'note://readme' }],
      ['prompts/get', { name: 'translate', arguments: { text: 'Ja' } }],
    ] as const;
    for (const [method, params] of requests) {
      const { result } = (await session.request(there, method, params)).message;
      expect(Object.keys(result ?? {})).not.toHaveLength(0);
      for (const member of ['resultType', 'ttlMs', 'cacheScope', '_meta']) {
        expect(result).not.toHaveProperty(member);
      }
    }
  });

  test('a tool with an output schema gives structured content, and the same as text', async () => {
    const session = await open();
    const { tools } = (await session.request(here, 'tools/list')).message.result as { tools: object[] };
    expect(tools).toContainEqual(
      expect.objectContaining({
        name: 'add',
        outputSchema: expect.objectContaining({ type: 'object', required: ['sum'] }),
      }),
    );
    const { result } = (
      await session.request(there, 'tools/call', { name: 'add', arguments: { a: 1, b: 2 } })
    ).message;
    expect(result?.['structuredContent']).toEqual({ sum: 3 });
    expect(result?.['content']).toEqual([{ type: 'text', text: '{"sum":3}' }]);
  });

  test('arguments of prompts and variables of templates are completed', async () => {
    const session = await open();
    const complete = async (ref: object, name: string, value: string) => {
      const params = { ref, argument: { name, value } };
      return (await session.request(there, 'completion/complete', params)).message.result?.['completion'];
    };
    expect(await complete({ type: 'ref/prompt', name: 'translate' }, 'language', 'G')).toMatchObject({
      values: ['German', 'Greek'],
    });
    expect(await complete({ type: 'ref/resource', uri: 'user://{id}' }, 'id', '2')).toMatchObject({
      values: ['2'],
    });
  });

  test('a resource that does not exist has the code -32002', async () => {
    const session = await open();
    expect(
      (await session.request(there, 'resources/read', { uri: 'note://none' })).message.error,
    ).toMatchObject({
      code: -32002,
      message: 'Resource not found: note://none',
      data: { uri: 'note://none', name: 'resource_not_found', code: -32002 },
    });
  });

  test('a stream begins with its first message: clients do not know events without data', async () => {
    const session = await open();
    const call = await session.call(here, 'advance', { key: `first ${revision}` });
    const first = await call.next();
    expect(first?.message?.['method']).toBe('notifications/progress');
    call.drop();
    const resumed = await session.stream(there, first?.id);
    cluster.release(`first ${revision}`);
    expect(textOf((await resumed.message()).message)).toBe(`first ${revision} is done`);

    await session.request(here, 'resources/subscribe', { uri: 'note://readme' });
    const changes = await session.stream(here);
    await session.request(there, 'tools/call', { name: 'touch', arguments: { uri: 'note://readme' } });
    expect((await changes.next())?.message?.['method']).toBe('notifications/resources/updated');
    changes.drop();
  });
});

test.each(['2024-11-05', '2026-07-28', '1999-01-01', 'nonsense'])(
  'a client that asks for %s is offered the newest revision with sessions',
  async (asked) => {
    const { headers } = sessionRequest('ping');
    const { 'mcp-protocol-version': _, ...unnamed } = headers;
    const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize(asked) };
    const { message } = await sendRaw(here, unnamed, JSON.stringify(body));
    expect(message.result?.['protocolVersion']).toBe('2025-11-25');
  },
);

test('a request without session and version header is one of 2025-03-26', async () => {
  const { headers, body } = sessionRequest('resources/read', { uri: 'note://none' });
  const { 'mcp-protocol-version': _, ...unversionedHeaders } = headers;
  expect((await sendRaw(here, unversionedHeaders, JSON.stringify(body))).message.error?.code).toBe(-32002);
});

test('in 2025-06-18 a tool asks the client, who answers on the other replica', async () => {
  const session = await Session.open(here, { revision: '2025-06-18', capabilities: { elicitation: {} } });
  const call = await session.call(here, 'greet');
  const { message: question } = await call.message();
  expect(question).toMatchObject({
    method: 'elicitation/create',
    params: { message: 'Who are you?', requestedSchema: { type: 'object', required: ['name'] } },
  });
  const answer = { id: question['id'], result: { action: 'accept', content: { name: 'Ada' } } };
  expect((await session.post(there, answer)).status).toBe(202);
  expect(textOf((await call.message()).message)).toBe('Hello, Ada!');
});

describe('batches', () => {
  const request = (id: number, method: string, params = {}) => ({ jsonrpc: '2.0', id, method, params });
  const notification = { jsonrpc: '2.0', method: 'notifications/initialized' };
  const send03 = async (body: unknown) => {
    const session = await Session.open(here, { revision: '2025-03-26' });
    return sendRaw(there, unversioned(session), JSON.stringify(body));
  };
  const inOrder = (text: string) =>
    (JSON.parse(text) as JsonRpcResponse[]).toSorted((a, b) => Number(a.id) - Number(b.id));

  test('each request has its own answer, and notifications have none', async () => {
    const { status, text } = await send03([
      request(1, 'tools/call', echo('one')),
      notification,
      request(2, 'no/such'),
      request(3, 'tools/call', echo('three')),
      request(4, 'resources/read', { uri: 'note://none' }),
    ]);
    expect(status).toBe(200);
    expect(inOrder(text).map((answer) => textOf(answer) ?? answer.error?.code)).toEqual([
      'one',
      -32601,
      'three',
      -32002,
    ]);
  });

  test('a batch without requests is taken with 202', async () => {
    const { status, text } = await send03([notification, notification]);
    expect({ status, text }).toEqual({ status: 202, text: '' });
  });

  test('the answers of a client may come as a batch', async () => {
    const session = await Session.open(here, { revision: '2025-03-26', capabilities: { elicitation: {} } });
    const call = await session.call(here, 'greet');
    const { message: question } = await call.message();
    const answer = { jsonrpc: '2.0', id: question['id'], result: { action: 'decline' } };
    expect((await sendRaw(there, session.headers, JSON.stringify([answer, notification]))).status).toBe(202);
    expect(textOf((await call.message()).message)).toBe('Hello, stranger!');
  });

  test('initialize is refused in a batch, and what comes with it is served', async () => {
    const { text, headers } = await send03([
      request(1, 'initialize', initialize('2025-03-26')),
      request(2, 'ping'),
    ]);
    expect(inOrder(text)).toMatchObject([{ error: { code: -32600 } }, { result: {} }]);
    expect(headers.get('mcp-session-id')).toBeNull();
  });

  test.each([
    ['empty', []],
    ['with something that is no message', [notification, 7]],
    ['with a batch in it', [[notification]]],
    ['of more than 100 messages', Array.from({ length: 101 }, () => notification)],
  ])('a batch %s is refused', async (_, body) => {
    const { status, message } = await send03(body);
    expect({ status, code: message.error?.code }).toEqual({ status: 400, code: -32600 });
  });

  test.each(['2025-06-18', '2025-11-25'])(
    'revision %s has none, whether it is named or known',
    async (revision) => {
      const session = await Session.open(here, { revision });
      for (const headers of [session.headers, unversioned(session)]) {
        const { status, message } = await sendRaw(there, headers, JSON.stringify([notification]));
        expect({ status, code: message.error?.code }).toEqual({ status: 400, code: -32600 });
      }
    },
  );
});
