import { type ToolPoliciesInput, toolPoliciesSchema } from '@millrace/protocol';
import { createMetrics } from '@millrace/service';
import { expect, test } from 'vitest';
import { AdmissionPolicy } from './admission-policy.ts';
import { DEFAULT_LIMIT_SETTINGS, type LimitSettings } from './limit-settings.ts';
import type { Route } from './router.ts';
import { aRequest, RecordingAnswer } from './testing/requests.ts';

interface Load {
  readonly waitMs?: number;
  readonly runMs?: number;
  readonly pending?: number;
  readonly pendingBytes?: number;
}

function aPolicy(load: Load, settings: Partial<LimitSettings> = {}) {
  const metrics = createMetrics();
  const asked: string[] = [];
  const dispatcher = {
    pending: load.pending ?? 0,
    pendingBytes: load.pendingBytes ?? 0,
    waitMs: (...of: string[]) => {
      asked.push(of.join(' '));
      return load.waitMs ?? 0;
    },
    expectedRunMs: () => load.runMs ?? 0,
  };
  const all = { ...DEFAULT_LIMIT_SETTINGS, ...settings };
  const policy = new AdmissionPolicy({ dispatcher, settings: all, callTimeoutMs: 1_000, metrics });
  return { policy, metrics, asked };
}

function aRoute(policies: ToolPoliciesInput = {}, overrides: Partial<Route> = {}): Route {
  return {
    pool: 'default',
    target: 'echo',
    idempotent: true,
    policies: toolPoliciesSchema.parse(policies),
    ...overrides,
  };
}

/** Whether a call passes, or what it is refused with. */
function outcome(policy: AdmissionPolicy, route = aRoute(), meta = {}): unknown {
  const passage = {
    request: aRequest('tools/call', { name: 'echo', _meta: meta }),
    route,
    answer: new RecordingAnswer(),
  };
  let passed = false;
  try {
    policy.pass(passage, () => {
      passed = true;
    });
    return passed;
  } catch (error) {
    const { kind, status, retryAfterMs, details } = error as Record<string, unknown>;
    return { kind, status, retryAfterMs, details };
  }
}

test('a call that will be run in time passes', () => {
  expect(outcome(aPolicy({ waitMs: 750, runMs: 40 }).policy)).toBe(true);
});

test('a call that would wait past its deadline is refused at once, and told when to come back', async () => {
  const { policy, metrics } = aPolicy({ waitMs: 1_200.5, runMs: 100 });
  expect(outcome(policy)).toEqual({
    kind: 'overloaded',
    status: 503,
    retryAfterMs: 501,
    details: { pool: 'default', waitMs: 1_201, mayWaitMs: 700 },
  });
  expect(await metrics.registry.metrics()).toContain('millrace_refused_total{reason="overloaded"} 1');
});

test('a tool that may run for longer may wait for longer', () => {
  const { policy } = aPolicy({ waitMs: 2_000 });
  expect(outcome(policy, aRoute({}, { timeoutMs: 10_000 }))).toBe(true);
});

test('a tool, or all, may want less waiting than the deadline allows', () => {
  const refused = expect.objectContaining({ kind: 'overloaded' });
  expect(outcome(aPolicy({ waitMs: 300 }).policy, aRoute({ maxQueueMs: 200 }))).toEqual(refused);
  expect(outcome(aPolicy({ waitMs: 300 }, { maxQueueMs: 200 }).policy)).toEqual(refused);
  expect(outcome(aPolicy({ waitMs: 300 }, { maxQueueMs: 200 }).policy, aRoute({ maxQueueMs: 400 }))).toBe(
    true,
  );
});

test('nobody is told to come back at once', () => {
  const { policy } = aPolicy({ waitMs: 201 });
  expect(outcome(policy, aRoute({ maxQueueMs: 200 }))).toMatchObject({ retryAfterMs: 100 });
});

test('calls and bytes that wait in a front door are bounded', () => {
  const calls = aPolicy({ pending: 10 }, { maxPendingCalls: 10 });
  expect(outcome(calls.policy)).toMatchObject({ kind: 'overloaded', details: { maxPendingCalls: 10 } });
  const bytes = aPolicy({ pendingBytes: 950 }, { maxPendingBytes: 1_000 });
  expect(outcome(bytes.policy)).toMatchObject({ kind: 'overloaded', details: { maxPendingBytes: 1_000 } });
  expect(outcome(aPolicy({ pendingBytes: 900 }, { maxPendingBytes: 1_000 }).policy)).toBe(true);
});

test('what may become a task may wait, but takes room', () => {
  const route = aRoute({}, { task: { mode: 'optional' } });
  expect(outcome(aPolicy({ waitMs: 100_000 }).policy, route)).toBe(true);
  expect(outcome(aPolicy({ pending: 10 }, { maxPendingCalls: 10 }).policy, route)).not.toBe(true);
});

test('the wait is that of the tenant and the priority', () => {
  const { policy, asked } = aPolicy({});
  outcome(policy, aRoute({ priority: 'high' }));
  outcome(policy, aRoute(), { 'dev.millrace/priority': 'low' });
  expect(asked).toEqual(['default default high', 'default default low']);
});
