import type { Call } from '@millrace/protocol';
import { describe, expect, test } from 'vitest';
import { AccessPolicy } from './access-policy.ts';
import { createApiKey } from './api-key.ts';
import { authorizationSchema, NO_AUTHORIZATION } from './authorization.ts';
import { CallGuard } from './call-guard.ts';
import { bearerSeal, frontDoorSeal, frontDoorSeals, SealChecks } from './call-seal.ts';
import { ClusterKeys } from './cluster-keys.ts';
import { HeldKey } from './key-ring.ts';
import { CLUSTER_KEYS, TestClock } from './testing/keys.ts';

const ADA = { id: 'jwt:ada', tenant: 'acme', roles: ['caller'] };

function aCall(overrides: Partial<Call> = {}): Call {
  return {
    id: 'f-1.1',
    method: 'tools/call',
    target: 'query',
    params: { name: 'query', arguments: { at: 1.5, text: 'ü', nothing: null } },
    revision: '2026-07-28',
    deadline: 1_000,
    principal: ADA,
    ...overrides,
  };
}

const seal = frontDoorSeal(CLUSTER_KEYS);
const checks = new SealChecks({ keys: CLUSTER_KEYS });

describe('the seal of a front door', () => {
  test('tells who made the call, also after the way over the queue', () => {
    expect(checks.principalOf(JSON.parse(JSON.stringify(seal(aCall()))))).toEqual(ADA);
  });

  test('survives what JSON does to numbers and keys', () => {
    const params = JSON.parse(
      '{"name":"query","arguments":{"a":-0,"b":1e400,"2":1,"1":2,"__proto__":{"x":1}}}',
    );
    expect(checks.principalOf(JSON.parse(JSON.stringify(seal(aCall({ params })))))).toEqual(ADA);
  });

  test.each<[string, Partial<Call>]>([
    ['id', { id: 'f-1.2' }],
    ['method', { method: 'prompts/get' }],
    ['target', { target: 'drop' }],
    ['parameters', { params: { name: 'query' } }],
    ['deadline', { deadline: 2_000 }],
    ['task', { task: 't-1' }],
    ['session', { session: 's-1' }],
    ['revision', { revision: '2025-11-25' }],
    ['idempotency record', { idempotency: { record: 'r', digest: 'd', owner: 'o', ttlMs: 1 } }],
    ['roles', { principal: { ...ADA, roles: ['admin:access'] } }],
    ['tenant', { principal: { ...ADA, tenant: 'other' } }],
    ['seal', { seal: 'f:AAAA' }],
    ['kind of seal', { seal: 'k:0123456789abcdef:AAAA' }],
  ])('does not hold with another %s', async (_, change) => {
    expect(await checks.principalOf({ ...seal(aCall()), ...change })).toBeUndefined();
  });

  test('does not hold under another secret, and under the one before as long as that is accepted', () => {
    const next = 'the next secret of the same cluster';
    const call = seal(aCall());
    expect(new SealChecks({ keys: new ClusterKeys(next) }).principalOf(call)).toBeUndefined();
    const both = new ClusterKeys(next, 'a cluster secret that only tests have');
    expect(new SealChecks({ keys: both }).principalOf(call)).toEqual(ADA);
  });
});

describe('the seal of a batch', () => {
  const overTheQueue = (calls: readonly Call[]) => JSON.parse(JSON.stringify(calls)) as Call[];
  const aBatch = () =>
    overTheQueue(frontDoorSeals(CLUSTER_KEYS)(['1', '2', '3'].map((id) => aCall({ id: `f-1.${id}` }))));
  const principalsOf = (calls: readonly Call[], all = calls) => {
    const fresh = new SealChecks({ keys: CLUSTER_KEYS });
    fresh.admit(all);
    return calls.map((call) => fresh.principalOf(call));
  };

  test('tells who made each call, and stands there once', () => {
    const calls = aBatch();
    expect(principalsOf(calls)).toEqual([ADA, ADA, ADA]);
    expect(calls.map(({ seal: text }) => text?.slice(0, 2))).toEqual(['b:', undefined, undefined]);
    // Also when only some of the calls are still to be run.
    expect(principalsOf(calls.slice(1), calls)).toEqual([ADA, ADA]);
  });

  test.each<[string, (calls: Call[]) => Call[]]>([
    ['one call more', (calls) => [...calls, aCall({ id: 'f-1.4' })]],
    ['one call less', (calls) => calls.slice(0, 2)],
    ['another order', ([a, b, c]) => [a, c, b] as Call[]],
    ['another deadline', ([a, b, c]) => [a, { ...b, deadline: 2_000 }, c] as Call[]],
    [
      'a principal for the last one',
      ([a, b, c]) => [a, b, { ...c, principal: { ...ADA, id: 'x' } }] as Call[],
    ],
    ['a seal of nothing', ([a, b, c]) => [{ ...a, seal: 'b:' }, b, c] as Call[]],
  ])('does not hold with %s', (_, change) => {
    expect(new Set(principalsOf(change(aBatch())))).toEqual(new Set([undefined]));
  });

  test('says nothing of a call that was not in it, nor of one that nobody authenticated', () => {
    const [first] = aBatch();
    expect(principalsOf([first as Call], [])).toEqual([undefined]);
    const { principal, ...anonymous } = aCall({ id: 'f-1.5' });
    const calls = overTheQueue(frontDoorSeals(CLUSTER_KEYS)([anonymous, aCall()]));
    expect(principalsOf(calls)).toEqual([undefined, ADA]);
  });

  test('a call alone has a seal of its own, which no batch can have', () => {
    const calls = frontDoorSeals(CLUSTER_KEYS)([aCall()]);
    expect(principalsOf(calls)).toEqual([ADA]);
    const [{ seal: own = '' } = aCall()] = calls;
    expect(principalsOf([aCall({ seal: own.replace('f:', 'b:') })])).toEqual([undefined]);
  });
});

describe('the seal of a bearer', () => {
  const { key, record } = createApiKey({ name: 'a', tenant: 'acme', roles: ['caller'] }, CLUSTER_KEYS, 0);
  const held = new HeldKey(record, new AccessPolicy(NO_AUTHORIZATION).accessOf(ADA), new TestClock());
  const withKeys = new SealChecks({
    keys: CLUSTER_KEYS,
    findKey: async (id) => (id === record.id ? held : undefined),
  });
  const own = aCall({ principal: { id: `key:${record.id}`, tenant: 'acme' } });

  test('gives what the key grants', async () => {
    expect(await withKeys.principalOf(bearerSeal(key)(own))).toEqual(held.caller.principal);
  });

  test('does not hold for another call, another principal, or without API keys', async () => {
    const call = bearerSeal(key)(own);
    expect(await withKeys.principalOf({ ...call, id: 'other' })).toBeUndefined();
    expect(await withKeys.principalOf(bearerSeal(key)(aCall()))).toBeUndefined();
    expect(await checks.principalOf(call)).toBeUndefined();
  });

  test('needs a key that has the form of one', () => {
    expect(() => bearerSeal('secret')).toThrow('not the form');
  });
});

describe('the guard of a worker', () => {
  const authorization = authorizationSchema.parse({
    roles: { caller: { permissions: ['execute:tools'], tools: ['query'] } },
  });
  const guard = new CallGuard(checks, new AccessPolicy(authorization));
  const refusal = (call: Call, permissions?: Parameters<CallGuard['refusal']>[1]) =>
    guard.refusal(call, permissions);

  test('lets pass what is sealed and allowed', () => {
    expect(refusal(seal(aCall()))).toBeUndefined();
  });

  test.each<[string, Call, string]>([
    ['what is not sealed', aCall(), 'no valid seal'],
    [
      'what no role allows',
      seal(aCall({ target: 'drop', params: { name: 'drop' } })),
      'not granted for tool drop',
    ],
    [
      'another target than the parameters name',
      seal(aCall({ params: { name: 'drop' } })),
      'name another target',
    ],
    ['parameters that name nothing', seal(aCall({ params: {} })), 'name another target'],
  ])('refuses %s', async (_, call, message) => {
    expect(await refusal(call)).toMatchObject({
      kind: 'permission_denied',
      message: expect.stringContaining(message),
    });
  });

  test('asks for what the tool wants beside', async () => {
    expect(await refusal(seal(aCall()), ['write:resources'])).toMatchObject({
      message: 'write:resources is not granted for tool query',
    });
  });
});
