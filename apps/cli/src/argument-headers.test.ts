import { expect, test } from 'vitest';
import { ArgumentHeaders } from './argument-headers.ts';

const inputSchema = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    where: { type: 'object', properties: { city: { type: 'string', 'x-mcp-header': 'City' } } },
    plain: { type: 'string' },
  },
};

function headers(args: unknown, name = 'find') {
  const learnt = new ArgumentHeaders();
  learnt.learn({ tools: [{ name: 'find', inputSchema }] });
  return learnt.of({ name, arguments: args });
}

test('arguments are repeated where their tool says so, at any depth', () => {
  expect(headers({ region: 'eu-1', count: 3, where: { city: 'Bern' }, plain: 'x' })).toEqual({
    'Mcp-Param-Region': 'eu-1',
    'Mcp-Param-Count': '3',
    'Mcp-Param-City': 'Bern',
  });
});

test.each([
  ['Zürich', '=?base64?WsO8cmljaA==?='],
  [' padded ', '=?base64?IHBhZGRlZCA=?='],
  ['=?base64?x?=', '=?base64?PT9iYXNlNjQ/eD89?='],
  ['two\nlines', '=?base64?dHdvCmxpbmVz?='],
])('%j is wrapped, since it could not stand in a header', (region, value) => {
  expect(headers({ region })).toEqual({ 'Mcp-Param-Region': value });
});

test('what is missing, of another type, or of an unknown tool has no header', () => {
  expect(headers({ region: null, where: 'x' })).toEqual({});
  expect(headers(undefined)).toEqual({});
  expect(headers({ region: 'eu-1' }, 'other')).toEqual({});
});

test('a result that is no list of tools teaches nothing', () => {
  const learnt = new ArgumentHeaders();
  for (const result of [undefined, {}, { tools: 'x' }, { tools: [null, { name: 'a' }] }])
    learnt.learn(result);
  expect(learnt.of({ name: 'a', arguments: {} })).toEqual({});
});
