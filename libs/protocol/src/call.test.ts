import { expect, test } from 'vitest';
import { type Call, clientCapabilitiesOf } from './call.ts';
import type { JsonObject } from './json.ts';
import { META } from './meta-keys.ts';

const call = (params: JsonObject, capabilities?: JsonObject): Call => ({
  id: 'c',
  method: 'tools/call',
  target: 'echo',
  params,
  revision: '2026-07-28',
  deadline: 0,
  ...(capabilities && { capabilities }),
});

test('the capabilities of a session', () => {
  expect(clientCapabilitiesOf(call({}, { roots: {} }))).toEqual({ roots: {} });
});

test('the capabilities that a call declares itself', () => {
  const declared = { _meta: { [META.clientCapabilities]: { sampling: {} } } };
  expect(clientCapabilitiesOf(call(declared))).toEqual({ sampling: {} });
});

test.each([[{}], [{ _meta: 3 }], [{ _meta: { [META.clientCapabilities]: 'all' } }]])(
  'no capabilities in %j',
  (params) => {
    expect(clientCapabilitiesOf(call(params))).toEqual({});
  },
);
