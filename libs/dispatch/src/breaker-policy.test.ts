import type { BreakerBoard, BreakerStanding, KeptResult, LastGood } from '@millrace/broker';
import { FALLBACK_META_KEY, MillraceError, toolPoliciesSchema } from '@millrace/protocol';
import { createLogger, createMetrics } from '@millrace/service';
import { expect, test } from 'vitest';
import { BreakerPolicy } from './breaker-policy.ts';
import type { Passage } from './call-policies.ts';
import type { Route } from './router.ts';

interface Setting {
  readonly standing?: Partial<BreakerStanding>;
  readonly policies?: object;
  readonly route?: Partial<Route>;
  readonly kept?: () => Promise<KeptResult | undefined>;
}

/** A front door whose board says this of the breaker of `mail`. */
function aFrontDoor({ standing, policies = {}, route = {}, kept = async () => undefined }: Setting) {
  const known = new Map<string, BreakerStanding>();
  const tell = (told: Partial<BreakerStanding> | undefined) => {
    if (told) known.set('mail', { status: 'open', suspected: false, freeAt: Date.now() + 30_000, ...told });
    else known.delete('mail');
  };
  tell(standing);
  const policy = new BreakerPolicy({
    board: { standing: (name: string) => known.get(name) } as unknown as BreakerBoard,
    lastGood: { find: kept } as unknown as LastGood,
    serverInfo: { name: 'millrace', version: '1' },
    metrics: createMetrics(),
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  const answers: unknown[] = [];
  const passage = {
    request: { method: 'tools/call', revision: '2025-11-25', params: {} },
    route: {
      pool: 'default',
      target: 'mail',
      idempotent: true,
      policies: toolPoliciesSchema.parse({ breaker: {}, ...policies }),
      ...route,
    },
    answer: { result: (payload: string) => void answers.push(JSON.parse(payload)) },
  } as unknown as Passage;
  /** What becomes of one call. */
  const call = async (): Promise<unknown> => {
    let passed = false;
    try {
      await policy.pass(passage, () => {
        passed = true;
      });
    } catch (error) {
      return error;
    }
    return passed ? 'passed' : answers.at(-1);
  };
  return { policy, call, tell, route: passage.route };
}

test('only tools with a breaker meet it', () => {
  const { policy, route } = aFrontDoor({});
  expect(policy.appliesTo(route)).toBe(true);
  expect(policy.appliesTo({ ...route, policies: {} })).toBe(false);
});

test.each([undefined, { status: 'closed', suspected: true }] as const)('%j: calls pass', async (standing) => {
  expect(await aFrontDoor(standing ? { standing } : {}).call()).toBe('passed');
});

test('open: calls are refused, and told when to come back', async () => {
  const error = (await aFrontDoor({ standing: {} }).call()) as MillraceError;
  expect(error).toBeInstanceOf(MillraceError);
  expect(error).toMatchObject({ kind: 'circuit_open', details: { target: 'mail', breaker: 'mail' } });
  expect(error.retryAfterMs).toBeGreaterThan(29_000);
});

test('the breaker may have another name than the tool', async () => {
  const { call } = aFrontDoor({
    standing: {},
    policies: { breaker: { name: 'mail' } },
    route: { target: 'send' },
  });
  expect(await call()).toMatchObject({ details: { target: 'send', breaker: 'mail' } });
});

test('while somebody probes the others are told to come back soon', async () => {
  const { call } = aFrontDoor({ standing: { status: 'half-open' } });
  expect(await call()).toMatchObject({ kind: 'circuit_open', retryAfterMs: 1_000 });
});

test('when the time is up one call goes, and the next when more is known', async () => {
  const { call, tell } = aFrontDoor({ standing: { freeAt: 0 } });
  expect(await call()).toBe('passed');
  expect(await call()).toMatchObject({ kind: 'circuit_open' });
  tell({ status: 'half-open', freeAt: 0 });
  expect(await call()).toBe('passed');
  tell(undefined);
  expect([await call(), await call()]).toEqual(['passed', 'passed']);
});

test('a fixed answer is given right here, and says what it is', async () => {
  const fallback = { kind: 'fixed', text: 'later', structuredContent: { sent: false } };
  expect(await aFrontDoor({ standing: {}, policies: { fallback } }).call()).toEqual({
    content: [{ type: 'text', text: 'later' }],
    structuredContent: { sent: false },
    _meta: { [FALLBACK_META_KEY]: { kind: 'fixed', reason: 'circuit_open' } },
  });
});

test('the last good result is given right here, where there is one', async () => {
  const fallback = { kind: 'stale' };
  const kept = async () => ({ at: 1, result: { content: [], _meta: { mine: 1 } } });
  expect(await aFrontDoor({ standing: {}, policies: { fallback }, kept }).call()).toEqual({
    content: [],
    _meta: { mine: 1, [FALLBACK_META_KEY]: { kind: 'stale', reason: 'circuit_open' } },
  });
  expect(await aFrontDoor({ standing: {}, policies: { fallback } }).call()).toMatchObject({
    kind: 'circuit_open',
  });
});

test('while Redis cannot be asked for the last good result, the call is refused', async () => {
  const kept = () => Promise.reject(new Error('Redis is away'));
  const { call } = aFrontDoor({ standing: {}, policies: { fallback: { kind: 'stale' } }, kept });
  expect(await call()).toMatchObject({ kind: 'circuit_open' });
});

test('a handler to fall back on is with the workers', async () => {
  expect(await aFrontDoor({ standing: {}, policies: { fallback: { kind: 'handler' } } }).call()).toBe(
    'passed',
  );
});

test('what always runs as a task has no other answer here', async () => {
  const fallback = { kind: 'fixed', text: 'later' };
  const route = { task: { mode: 'required' as const } };
  expect(await aFrontDoor({ standing: {}, policies: { fallback }, route }).call()).toMatchObject({
    kind: 'circuit_open',
  });
});
