import { expect, test } from 'vitest';
import { type ToolPoliciesInput, toolPoliciesSchema } from './policies.ts';
import { type ResilientTool, resilienceConflicts } from './resilience-conflicts.ts';

function conflicts(policies: ToolPoliciesInput, tool: Partial<ResilientTool> = {}) {
  return resilienceConflicts({
    idempotent: true,
    structured: false,
    fallbackHandler: false,
    policies: toolPoliciesSchema.parse(policies),
    ...tool,
  });
}

test('what goes together has no conflict', () => {
  const fallback = { kind: 'stale' as const };
  expect(conflicts({ retry: {}, breaker: {}, fallback, concurrency: { fleet: 2 } })).toEqual([]);
  expect(conflicts({ fallback: { kind: 'handler' } }, { fallbackHandler: true })).toEqual([]);
  const fixed = { kind: 'fixed' as const, text: '{}', structuredContent: {} };
  expect(conflicts({ fallback: fixed }, { structured: true, idempotent: false })).toEqual([]);
});

test.each([
  [{ retry: {} }, { idempotent: false }, 'policies.retry and idempotent'],
  [{ retry: { baseMs: 9, maxMs: 8 } }, {}, 'policies.retry.baseMs and policies.retry.maxMs'],
  [{ fallback: { kind: 'stale' } }, { idempotent: false }, 'policies.fallback.kind "stale" and idempotent'],
  [
    { fallback: { kind: 'fixed', text: 'x' } },
    { structured: true },
    'policies.fallback.structuredContent and output',
  ],
  [{ fallback: { kind: 'handler' } }, {}, 'policies.fallback.kind "handler" and fallback'],
  [{ concurrency: {} }, {}, 'policies.concurrency.perWorker and policies.concurrency.fleet'],
] as const)('%j is refused, both fields named', (policies, tool, message) => {
  expect(conflicts(policies as ToolPoliciesInput, tool)).toEqual([expect.stringContaining(message)]);
});
