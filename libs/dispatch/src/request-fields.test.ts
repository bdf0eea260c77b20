import { expect, test } from 'vitest';
import { requestFields } from './request-fields.ts';

test('a line says which request of whom it belongs to, and nothing of its arguments', () => {
  const params = { name: 'echo', arguments: { password: 'secret' } };
  const body = { jsonrpc: '2.0', id: 7, method: 'tools/call', params };
  expect(requestFields(body, { id: 'a', tenant: 'acme' })).toEqual({
    request: 7,
    method: 'tools/call',
    tenant: 'acme',
    tool: 'echo',
  });
});

test('what cannot be read says nothing, and what is long is cut', () => {
  expect(requestFields(undefined)).toEqual({ tenant: 'default' });
  const { request, method } = requestFields({ id: 'x'.repeat(1_000), method: 3 });
  expect([String(request).length, method]).toEqual([128, undefined]);
});
