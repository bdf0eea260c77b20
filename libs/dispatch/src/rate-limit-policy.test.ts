import type { LimitStanding } from '@millrace/broker';
import {
  type Principal,
  type RateLimitRule,
  rateLimitRuleSchema,
  toolPoliciesSchema,
} from '@millrace/protocol';
import { createLogger, createMetrics } from '@millrace/service';
import { expect, test } from 'vitest';
import type { RateLimitStanding } from './answer.ts';
import type { Passage } from './call-policies.ts';
import { RateLimitPolicy } from './rate-limit-policy.ts';
import type { Route } from './router.ts';
import { aRequest, RecordingAnswer } from './testing/requests.ts';

const PLAIN: Route = { pool: 'default', target: 'echo', idempotent: true };
const RULE = rateLimitRuleSchema.parse({ limit: 2, windowMs: 1_000 });

/** Limits that count in this process. */
class LocalLimits {
  readonly counts = new Map<string, number>();
  /** Whether it takes a while to decide. */
  slow = false;
  failure: Error | undefined;

  take(name: string, rule: RateLimitRule): LimitStanding | Promise<LimitStanding> {
    if (this.failure) return Promise.reject(this.failure);
    const count = (this.counts.get(name) ?? 0) + 1;
    const allowed = count <= rule.limit;
    if (allowed) this.counts.set(name, count);
    const remaining = Math.max(0, rule.limit - count);
    const standing = { allowed, remaining, resetMs: 900.4, retryAfterMs: allowed ? 0 : 500.2 };
    return this.slow ? Promise.resolve(standing) : standing;
  }

  giveBack(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) - 1);
  }
}

function aPolicy(settings: Partial<ConstructorParameters<typeof RateLimitPolicy>[0]['settings']> = {}) {
  const limits = new LocalLimits();
  const metrics = createMetrics();
  const logger = createLogger({ name: 'test', level: 'silent' });
  const all = { rateLimits: {}, rateLimitOnFailure: 'open', ...settings } as const;
  return { limits, metrics, policy: new RateLimitPolicy({ limits, settings: all, metrics, logger }) };
}

class LimitedAnswer extends RecordingAnswer {
  readonly standings: RateLimitStanding[] = [];

  limited(standing: RateLimitStanding): void {
    this.standings.push(standing);
  }
}

function aPassage(route: Route, principal?: Principal) {
  const request = aRequest('tools/call', { name: route.target }, principal && { principal });
  const answer = new LimitedAnswer();
  return { passage: { request, route, answer } satisfies Passage, answer };
}

function limited(per: 'tool' | 'tenant' | 'principal', target = 'echo'): Route {
  return { ...PLAIN, target, policies: toolPoliciesSchema.parse({ rateLimit: { ...RULE, per } }) };
}

/** Makes calls and tells how many were passed on before the first refusal. */
async function passed(policy: RateLimitPolicy, route: Route, principal?: Principal): Promise<number> {
  let count = 0;
  try {
    for (; count < 10; ) {
      const { passage } = aPassage(route, principal);
      await policy.pass(passage, () => {
        count += 1;
      });
    }
  } catch {
    // The refusal that was waited for; what it says has a test of its own.
  }
  return count;
}

const ADA = { id: 'ada', tenant: 'acme' };
const BOB = { id: 'bob', tenant: 'acme' };
const EVE = { id: 'ada', tenant: 'evil' };

test('a tool without limits does not meet the policy, unless there are general ones', () => {
  expect(aPolicy().policy.appliesTo(PLAIN)).toBe(false);
  expect(aPolicy().policy.appliesTo(limited('tool'))).toBe(true);
  expect(aPolicy({ rateLimits: { tenant: RULE } }).policy.appliesTo(PLAIN)).toBe(true);
});

test('the limit of a tool counts everybody, each tenant or each client', async () => {
  const counts = async (per: 'tool' | 'tenant' | 'principal') => {
    const { policy } = aPolicy();
    const all: number[] = [];
    for (const who of [ADA, BOB, EVE]) all.push(await passed(policy, limited(per), who));
    return all;
  };
  expect(await counts('tool')).toEqual([2, 0, 0]);
  expect(await counts('tenant')).toEqual([2, 0, 2]);
  expect(await counts('principal')).toEqual([2, 2, 2]);
});

test('general limits count the calls of a client, or a tenant, to whatever tool', async () => {
  const counts = async (kind: 'client' | 'tenant') => {
    const { policy } = aPolicy({ rateLimits: { [kind]: RULE } });
    const all: number[] = [];
    for (const who of [ADA, ADA, BOB, EVE]) {
      all.push(await passed(policy, { ...PLAIN, target: `tool-${all.length}` }, who));
    }
    return all;
  };
  expect(await counts('client')).toEqual([2, 0, 2, 2]);
  expect(await counts('tenant')).toEqual([2, 0, 0, 2]);
});

test('names that look like others are not taken for them', async () => {
  const { policy, limits } = aPolicy({ rateLimits: { client: RULE } });
  await passed(policy, PLAIN, { tenant: 'a', id: 'b:c' });
  await passed(policy, PLAIN, { tenant: 'a:b', id: 'c' });
  expect(limits.counts.size).toBe(2);
});

test('a refusal says whose limit it is, and when to come back', async () => {
  const { policy, metrics } = aPolicy();
  await passed(policy, limited('tenant'), ADA);
  const { passage, answer } = aPassage(limited('tenant'), ADA);
  expect(() => policy.pass(passage, () => undefined)).toThrow(
    expect.objectContaining({
      kind: 'rate_limited',
      status: 429,
      retryAfterMs: 501,
      details: { scope: 'tool_tenant', limit: 2, windowMs: 1_000, remaining: 0, resetMs: 901 },
    }),
  );
  expect(answer.standings).toEqual([{ limit: 2, remaining: 0, resetMs: 900.4 }]);
  expect(await metrics.registry.metrics()).toContain('millrace_refused_total{reason="rate_limited"} 2');
});

test('the limit that will be reached first is told with the answer', () => {
  const { policy } = aPolicy({
    rateLimits: { client: { ...RULE, limit: 9 }, tenant: { ...RULE, limit: 5 } },
  });
  const { passage, answer } = aPassage(PLAIN, ADA);
  policy.pass(passage, () => undefined);
  expect(answer.standings).toEqual([{ limit: 5, remaining: 4, resetMs: 900.4 }]);
});

test('what one limit refuses is given back to the others', async () => {
  const { policy, limits } = aPolicy({ rateLimits: { client: { ...RULE, limit: 9 }, tenant: RULE } });
  await passed(policy, PLAIN, ADA);
  await passed(policy, PLAIN, ADA);
  expect(limits.counts.get('client:acme:ada')).toBe(2);
});

test('what can be decided at once is not put off', () => {
  const { policy } = aPolicy();
  const { passage } = aPassage(limited('tool'));
  expect(policy.pass(passage, () => undefined)).toBeUndefined();
});

test('what takes a while is decided all the same', async () => {
  const { policy, limits } = aPolicy({ rateLimits: { client: RULE, tenant: RULE } });
  limits.slow = true;
  expect(await passed(policy, limited('tool'), ADA)).toBe(2);
});

test('while limits cannot be counted, calls pass, or are refused, as it is set', async () => {
  const open = aPolicy();
  open.limits.failure = new Error('Redis is away');
  expect(await passed(open.policy, limited('tool'))).toBe(10);
  expect(await open.metrics.registry.metrics()).toContain('failures_total{outcome="open"} 10');

  const closed = aPolicy({ rateLimitOnFailure: 'closed' });
  closed.limits.failure = new Error('Redis is away');
  const { passage } = aPassage(limited('tool'));
  await expect(closed.policy.pass(passage, () => undefined)).rejects.toMatchObject({
    kind: 'broker_unavailable',
    status: 503,
    retryAfterMs: 1_000,
    cause: closed.limits.failure,
  });
});

test('a call that fails further on is not taken for one that could not be counted', async () => {
  const { policy, limits } = aPolicy();
  limits.slow = true;
  const { passage } = aPassage(limited('tool'));
  const failure = new Error('further on');
  await expect(policy.pass(passage, () => Promise.reject(failure))).rejects.toBe(failure);
});
