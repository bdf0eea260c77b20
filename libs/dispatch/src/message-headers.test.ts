import { expect, test } from 'vitest';
import { checkStandardHeaders } from './headers.ts';
import { headersOf } from './message-headers.ts';
import { modernBody, sessionBody } from './testing/requests.ts';

test.each(['echo', 'grüßen', ' padded ', '=?base64?no?='])(
  'a message of 2026-07-28 that calls %j agrees with the headers that are made of it',
  (name) => {
    const body = modernBody('tools/call', { name });
    const headers = headersOf(body, '2025-06-18');
    expect(headers['mcp-protocol-version']).toBe('2026-07-28');
    expect(() => checkStandardHeaders(headers, 'tools/call', { name })).not.toThrow();
  },
);

test('a message of a session has the revision that was agreed on; before that it has none', () => {
  expect(headersOf(sessionBody('ping'), '2025-06-18')).toEqual({ 'mcp-protocol-version': '2025-06-18' });
  expect(headersOf(sessionBody('initialize'), undefined)).toEqual({});
});

test.each([undefined, null, 'x', [], { params: 1 }])('what is no message has no headers: %j', (body) => {
  expect(headersOf(body, undefined)).toEqual({});
});
