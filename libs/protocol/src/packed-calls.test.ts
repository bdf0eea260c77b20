import { expect, test } from 'vitest';
import type { Call } from './call.ts';
import { packCalls, unpackCalls } from './packed-calls.ts';

const META = { client: { name: 'agent', version: '1' }, capabilities: {} };
let made = 0;

function aCall(changes: Partial<Call> = {}): Call {
  made += 1;
  return {
    id: `f-1.${made}`,
    method: 'tools/call',
    target: 'echo',
    params: { name: 'echo', arguments: { text: `${made}` }, _meta: structuredClone(META) },
    revision: '2026-07-28',
    deadline: made,
    ...changes,
  };
}

const overTheQueue = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const kindsOf = (...calls: Call[]) => packCalls(calls).kinds.length;
const through = (...calls: Call[]) => unpackCalls(overTheQueue(packCalls(calls)));

test('what calls have in common is packed once', () => {
  const principal = () => ({ id: 'ada', tenant: 'engines', roles: ['reader'] });
  const packed = packCalls([aCall({ principal: principal() }), aCall({ principal: principal() })]);
  expect(packed.kinds).toEqual([
    { method: 'tools/call', target: 'echo', revision: '2026-07-28', principal: principal(), meta: META },
  ]);
  expect(packed.each).toHaveLength(2);
});

test('like calls take less than half of the bytes', () => {
  const calls = Array.from({ length: 50 }, () => aCall());
  expect(JSON.stringify(packCalls(calls)).length).toBeLessThan(JSON.stringify(calls).length / 2);
});

test('calls of clients that take turns are of as many kinds as there are clients', () => {
  const from = (name: string) => aCall({ params: { name: 'echo', _meta: { client: { name } } } });
  expect(kindsOf(from('a'), from('b'), from('a'), from('b'))).toBe(2);
});

test.each<[string, Partial<Call>]>([
  ['nothing', {}],
  ['another tool', { target: 'create_user' }],
  ['another method', { method: 'prompts/get' }],
  ['another revision', { revision: '2025-11-25' }],
  ['a principal', { principal: { id: 'ada', tenant: 'engines' } }],
  ['no _meta', { params: { name: 'echo' } }],
  ['no params', { params: {} }],
  ['other _meta', { params: { name: 'echo', _meta: { ...META, progressToken: 7 } } }],
  ['fewer _meta', { params: { name: 'echo', _meta: {} } }],
  ['_meta that is no object', { params: { name: 'echo', _meta: null } }],
  ['lists in _meta', { params: { name: 'echo', _meta: { client: [1, { a: [] }] } } }],
  ['a name that is no name', { params: JSON.parse('{"__proto__":{"a":1},"_meta":{"__proto__":{"b":2}}}') }],
  ['a session', { session: 's-1', capabilities: { sampling: {} }, logLevel: 'info' }],
  ['a task', { task: 't-1', seal: 'f:abc', trace: { parent: '00-1', sentAt: 5 } }],
])('a call with %s comes out as it went in, among others', (_what, changes) => {
  const calls = [aCall(), aCall(changes), aCall(), aCall(changes)];
  const unpacked = through(...calls);
  expect(unpacked).toEqual(calls);
  // Who signs a call goes by the text of its parameters.
  for (const [at, call] of unpacked.entries()) {
    expect(JSON.stringify(call.params)).toBe(JSON.stringify(calls[at]?.params));
  }
});

test.each([
  ['in the middle', { name: 'echo', _meta: META, arguments: {} }],
  ['in another order', { name: 'echo', _meta: { capabilities: {}, client: META.client } }],
])('_meta %s keeps its place', (_where, params) => {
  const calls = [aCall(), aCall({ params })];
  expect(JSON.stringify(through(...calls).map((call) => call.params))).toBe(
    JSON.stringify(calls.map((call) => call.params)),
  );
});

test('an object and a list of the same members are not the same', () => {
  const withMeta = (client: unknown) => aCall({ params: { _meta: { client } } });
  expect(kindsOf(withMeta(['a']), withMeta({ 0: 'a' }))).toBe(2);
});

test('what calls share cannot be changed through one of them', () => {
  const [first] = through(aCall(), aCall());
  const meta = first?.params['_meta'] as typeof META | undefined;
  expect(() => Object.assign(meta?.client ?? {}, { name: 'somebody else' })).toThrow(TypeError);
});

test('packing leaves the calls as they are', () => {
  const call = aCall();
  const before = structuredClone(call);
  packCalls([call]);
  expect(call).toEqual(before);
});
