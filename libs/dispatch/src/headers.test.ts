import { expect, test } from 'vitest';
import { checkStandardHeaders, decodeHeader, headerOf } from './headers.ts';
import { modernHeaders } from './testing/requests.ts';

const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

test.each([
  ['plain text', 'resize', 'resize'],
  ['an empty value', '', ''],
  ['wrapped text', base64('größe'), 'größe'],
  ['nothing, wrapped', '=?base64??=', ''],
  ['wrapping that is not closed', '=?base64?eA==', '=?base64?eA=='],
  ['wrapped text that is no base64', '=?base64?%%%?=', undefined],
  ['wrapped text without its padding', '=?base64?eA?=', undefined],
])('decodes %s', (_, value, expected) => {
  expect(decodeHeader(value)).toBe(expected);
});

const check = (headers: object, method = 'tools/call', params: object = { name: 'größe' }) => {
  checkStandardHeaders({ ...modernHeaders(method), ...headers }, method, { ...params });
};

test('a request whose headers repeat its body passes', () => {
  expect(() => check({ 'mcp-name': base64('größe') })).not.toThrow();
  expect(() => check({ 'mcp-name': ' add ' }, 'tools/call', { name: 'add' })).not.toThrow();
  expect(() => check({ 'mcp-name': 'docs://api' }, 'resources/read', { uri: 'docs://api' })).not.toThrow();
  expect(() => check({}, 'tools/list', {})).not.toThrow();
});

test.each([
  [
    'the version is missing',
    { 'mcp-protocol-version': undefined, 'mcp-name': base64('größe') },
    'MCP-Protocol-Version',
  ],
  ['the method is missing', { 'mcp-method': undefined, 'mcp-name': base64('größe') }, 'Mcp-Method'],
  ['the name is missing', {}, 'Mcp-Name'],
  ['the name is another', { 'mcp-name': 'add' }, '"größe"'],
  ['the name is wrapped badly', { 'mcp-name': '=?base64?!?=' }, 'Mcp-Name'],
])('refused when %s', (_, headers, named) => {
  expect(() => check(headers)).toThrow(expect.objectContaining({ kind: 'header_mismatch' }));
  expect(() => check(headers)).toThrow(named);
});

test('a body that names nothing is left to the check of its parameters', () => {
  expect(() => check({}, 'tools/call', { name: 7 })).not.toThrow();
});

test('of a repeated header the first counts', () => {
  expect(headerOf({ 'x-a': ['1', '2'] }, 'x-a')).toBe('1');
});
