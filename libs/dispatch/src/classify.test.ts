import type { IncomingHttpHeaders } from 'node:http';
import { META, MODERN_REVISION } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { Classifier } from './classify.ts';
import { ENVELOPE, modernBody, modernHeaders, sessionBody } from './testing/requests.ts';

/** What is made of a request, in one line. */
function classify(classifier: Classifier, headers: IncomingHttpHeaders, body: unknown): string {
  try {
    const inbound = classifier.classify(headers, body, 100);
    if (inbound.kind !== 'request') return inbound.kind;
    return `${inbound.request.method} by ${inbound.request.revision}`;
  } catch (error) {
    const { kind, status, code } = error as { kind: string; status: number; code: number };
    return `${kind} ${status} ${code}`;
  }
}

const call = modernBody('tools/call', { name: 'echo' });
const callHeaders = modernHeaders('tools/call', 'echo');
const withMeta = (meta: object) => modernBody('tools/list', { _meta: meta });

const cases: [what: string, headers: IncomingHttpHeaders, body: unknown, expected: string][] = [
  ['a call', callHeaders, call, 'tools/call by 2026-07-28'],
  ['a list', modernHeaders('tools/list'), modernBody('tools/list'), 'tools/list by 2026-07-28'],
  [
    'discovery',
    modernHeaders('server/discover'),
    modernBody('server/discover'),
    'server/discover by 2026-07-28',
  ],
  ['an unknown method', modernHeaders('x/y'), modernBody('x/y'), 'x/y by 2026-07-28'],
  [
    'a progress token',
    modernHeaders('tools/list'),
    withMeta({ progressToken: 'p' }),
    'tools/list by 2026-07-28',
  ],
  [
    'a broken progress token',
    modernHeaders('tools/list'),
    withMeta({ progressToken: {} }),
    'invalid_request 400 -32600',
  ],
  [
    'no client info',
    modernHeaders('tools/list'),
    withMeta({ [META.clientInfo]: undefined }),
    'tools/list by 2026-07-28',
  ],
  [
    'no capabilities',
    modernHeaders('tools/list'),
    withMeta({ [META.clientCapabilities]: undefined }),
    'invalid_envelope 400 -32602',
  ],
  ['another name in the header', modernHeaders('tools/call', 'add'), call, 'header_mismatch 400 -32020'],
  ['another method in the header', modernHeaders('tools/list'), call, 'header_mismatch 400 -32020'],
  [
    'no method in the header',
    { ...callHeaders, 'mcp-method': undefined },
    call,
    'header_mismatch 400 -32020',
  ],
  [
    'another version in the header',
    { ...callHeaders, 'mcp-protocol-version': '2025-11-25' },
    call,
    'header_mismatch 400 -32020',
  ],
  [
    'a version of the future',
    { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2030-01-01' },
    withMeta({ [META.protocolVersion]: '2030-01-01' }),
    'unsupported_version 400 -32022',
  ],
  [
    'a session request',
    { 'mcp-protocol-version': '2025-11-25' },
    sessionBody('tools/list'),
    'tools/list by 2025-11-25',
  ],
  ['a session request without a version', {}, sessionBody('tools/list'), 'tools/list by 2025-03-26'],
  [
    'a session request without parameters',
    {},
    { jsonrpc: '2.0', id: 1, method: 'ping' },
    'ping by 2025-03-26',
  ],
  [
    'a session request of 2024',
    { 'mcp-protocol-version': '2024-11-05' },
    sessionBody('tools/list'),
    'unsupported_version 400 -32022',
  ],
  [
    'initialize, whatever it asks for',
    {},
    sessionBody('initialize', {
      protocolVersion: '1999-01-01',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    }),
    'initialize by 2025-03-26',
  ],
  ['a notification', {}, { jsonrpc: '2.0', method: 'notifications/initialized' }, 'notification'],
  [
    'a modern notification',
    modernHeaders('notifications/cancelled'),
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, _meta: ENVELOPE } },
    'notification',
  ],
  ['a response', {}, { jsonrpc: '2.0', id: 1, result: {} }, 'response'],
  ['a batch', {}, [sessionBody('ping')], 'batch'],
  [
    'a batch of a revision that has none',
    { 'mcp-protocol-version': '2025-11-25' },
    [sessionBody('ping')],
    'invalid_request 400 -32600',
  ],
  ['an empty batch', {}, [], 'invalid_request 400 -32600'],
  ['a number', {}, 7, 'invalid_request 400 -32600'],
  ['nothing', {}, null, 'invalid_request 400 -32600'],
  ['no JSON-RPC', {}, { hello: 'world' }, 'invalid_request 400 -32600'],
  ['another JSON-RPC', {}, { jsonrpc: '1.0', id: 1, method: 'ping' }, 'invalid_request 400 -32600'],
  ['a method that is no text', {}, { jsonrpc: '2.0', id: 1, method: 7 }, 'invalid_request 400 -32600'],
];

test.each(cases)('%s', (_, headers, body, expected) => {
  expect(classify(new Classifier(), headers, body)).toBe(expected);
});

test.each(cases)('%s, when all others came before', (_, headers, body, expected) => {
  const classifier = new Classifier();
  for (const [, otherHeaders, otherBody] of cases) classify(classifier, otherHeaders, otherBody);
  expect(classify(classifier, headers, body)).toBe(expected);
});

test('an unsupported version comes with those that are', () => {
  const body = withMeta({ [META.protocolVersion]: '2030-01-01' });
  const headers = { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2030-01-01' };
  expect(() => new Classifier().classify(headers, body, 1)).toThrow(
    expect.objectContaining({
      members: expect.objectContaining({ supported: expect.arrayContaining([MODERN_REVISION]) }),
    }),
  );
});

test('the request keeps its id, parameters and size', () => {
  const inbound = new Classifier().classify(callHeaders, { ...call, id: 'seven' }, 321);
  expect(inbound).toMatchObject({
    kind: 'request',
    request: { id: 'seven', params: { name: 'echo' }, era: 'modern', bytes: 321 },
  });
});
