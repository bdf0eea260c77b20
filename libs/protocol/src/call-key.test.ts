import { expect, test } from 'vitest';
import { ANONYMOUS } from './call.ts';
import { type Comparable, callKey } from './call-key.ts';
import { IDEMPOTENCY_META_KEY, META } from './meta-keys.ts';

const ADA = { id: 'ada', tenant: 'mill' };

function read(args: object, more: object = {}, overrides: Partial<Comparable> = {}): Comparable {
  const params = { name: 'read', arguments: args, ...more };
  return { method: 'tools/call', params, revision: '2026-07-28', principal: ADA, ...overrides } as Comparable;
}

const keyOf = (call: Comparable, scope: 'public' | 'tenant' | 'private' = 'private') =>
  callKey(call, 'read', scope);

test('equal arguments make equal keys, in any order', () => {
  expect(keyOf(read({ a: 1, b: { c: 2, d: 3 } }))).toBe(keyOf(read({ b: { d: 3, c: 2 }, a: 1 })));
  expect(keyOf(read({ a: 1 }))).not.toBe(keyOf(read({ a: 2 })));
});

test('no arguments are the same as empty ones', () => {
  const { params, ...call } = read({});
  expect(keyOf({ ...call, params: { name: 'read' } })).toBe(keyOf({ ...call, params }));
});

test('long arguments make short keys, that still differ', () => {
  const long = (end: string) => keyOf(read({ text: 'x'.repeat(100_000) + end }));
  expect(long('a')?.length).toBeLessThan(150);
  expect(long('a')).toBe(long('a'));
  expect(long('a')).not.toBe(long('b'));
});

test('the scope says who shares: everybody, the tenant, or the caller alone', () => {
  const others = { tenant: { ...ADA, id: 'bob' }, stranger: { id: 'ada', tenant: 'other' } };
  const keys = (scope: 'public' | 'tenant' | 'private') =>
    [ADA, others.tenant, others.stranger, ANONYMOUS].map((principal) =>
      keyOf(read({}, {}, { principal }), scope),
    );
  expect(new Set(keys('public')).size).toBe(1);
  expect(new Set(keys('tenant')).size).toBe(3);
  expect(new Set(keys('private')).size).toBe(4);
});

test('a caller with fewer roles does not share with itself as it was', () => {
  const as = (roles: string[]) => keyOf(read({}, {}, { principal: { ...ADA, roles } }));
  expect(as(['reader'])).not.toBe(as(['reader', 'admin']));
});

test('who has no principal is the anonymous one', () => {
  const { principal: _, ...anonymous } = read({});
  expect(keyOf(anonymous)).toBe(keyOf({ ...anonymous, principal: ANONYMOUS }));
});

test('eras do not share: their answers differ in form', () => {
  const at = (revision: string) => keyOf(read({}, {}, { revision }));
  expect(at('2025-11-25')).toBe(at('2025-03-26'));
  expect(at('2025-11-25')).not.toBe(at('2026-07-28'));
});

test('tools and resources, and targets that run into their arguments, are told apart', () => {
  const { params } = read({});
  const of = (method: string, target: string) =>
    callKey({ method, params, revision: '2026-07-28' }, target, 'public');
  expect(of('tools/call', 'read')).not.toBe(of('resources/read', 'read'));
  expect(of('tools/call', 'read')).not.toBe(of('tools/call', 'read{}'));
});

test('what has no part in the answer has none in the key', () => {
  const meta = {
    progressToken: 7,
    [META.clientInfo]: { name: 'x' },
    traceparent: '00-1',
    [IDEMPOTENCY_META_KEY]: 1,
  };
  expect(keyOf(read({}, { _meta: meta }))).toBe(keyOf(read({})));
});

test('what a client adds of its own may have a part in the answer', () => {
  const version = (n: number) => keyOf(read({}, { _meta: { 'dev.millrace/inputVersion': n } }));
  expect(version(1)).not.toBe(version(2));
  expect(version(1)).not.toBe(keyOf(read({})));
});

test.each([
  ['an answer of the client', { inputResponses: {} }],
  ['the state of an earlier round', { requestState: 'x' }],
  ['the wish for a task', { task: {} }],
])('a call with %s stands for itself', (_, more) => {
  expect(keyOf(read({}, more))).toBeUndefined();
});

test('so does a prompt, and what is nested too deeply to be compared', () => {
  let deep: object = {};
  for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
  expect(keyOf(read(deep))).toBeUndefined();
  expect(callKey({ ...read({}), method: 'prompts/get' }, 'p', 'public')).toBeUndefined();
});
