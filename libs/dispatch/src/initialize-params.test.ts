import { expect, test } from 'vitest';
import { checkInitialize } from './initialize-params.ts';

const GOOD = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'agent', version: '1' } };

test('a client that says who it is may begin', () => {
  expect(() => checkInitialize(GOOD)).not.toThrow();
  expect(() => checkInitialize({ ...GOOD, more: 1 })).not.toThrow();
});

test.each([
  ['protocolVersion', { ...GOOD, protocolVersion: 1 }],
  ['capabilities', { ...GOOD, capabilities: null }],
  ['capabilities.elicitation', { ...GOOD, capabilities: { elicitation: 'yes' } }],
  ['clientInfo.name', { ...GOOD, clientInfo: { name: {}, version: '1' } }],
  ['clientInfo', { protocolVersion: '2025-11-25', capabilities: {} }],
])('what is wrong is named: %s', (field, params) => {
  expect(() => checkInitialize(params)).toThrow(
    expect.objectContaining({ kind: 'invalid_params', details: { field } }),
  );
});
