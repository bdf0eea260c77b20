import type { ToolPoliciesInput } from '@millrace/protocol';
import { defineTool } from '@millrace/toolkit';
import { expect, test } from 'vitest';
import { PolicySettings, policySettingsSchema } from './policy-settings.ts';

const aTool = (policies?: ToolPoliciesInput, idempotent = true) =>
  defineTool({
    name: 'resize',
    pool: 'images',
    idempotent,
    ...(policies && { policies }),
    handler: () => 'x',
  });

const settings = (given: unknown) => new PolicySettings(policySettingsSchema.parse(given));
const BREAKER = { failures: 5, recoveryMs: 60_000, successes: 3 };

test('without configuration the definition counts', () => {
  expect(settings({}).of(aTool({ breaker: {} }))).toEqual({ breaker: BREAKER });
  expect(settings({}).of(aTool())).toBeUndefined();
});

test('a pool wins over definitions, a tool over its pool; defaults are filled in', () => {
  const found = settings({
    pools: { images: { priority: 'low', breaker: { failures: 2 } } },
    tools: { resize: { priority: 'high' }, other: { priority: 'low' } },
  });
  expect(found.of(aTool({ breaker: {}, maxQueueMs: 5 }))).toEqual({
    breaker: { ...BREAKER, failures: 2 },
    maxQueueMs: 5,
    priority: 'high',
  });
});

test('null switches off what the definition has on', () => {
  const found = settings({ tools: { resize: { breaker: null } } });
  expect(found.of(aTool({ breaker: {}, maxQueueMs: 5 }))).toEqual({ maxQueueMs: 5 });
  expect(found.of(aTool({ breaker: {} }))).toBeUndefined();
});

test('what may run twice only counts for a pool’s tools that may', () => {
  const found = settings({ pools: { images: { retry: {}, fallback: { kind: 'stale' }, breaker: {} } } });
  expect(Object.keys(found.of(aTool()) ?? {}).toSorted()).toEqual(['breaker', 'fallback', 'retry']);
  expect(Object.keys(found.of(aTool(undefined, false)) ?? {})).toEqual(['breaker']);
});

test('it says the same of the same tool each time', () => {
  const found = settings({ tools: { resize: { maxQueueMs: 5 } } });
  const tool = aTool();
  expect(found.of(tool)).toBe(found.of(tool));
});

test('tools that nobody serves are known by their names', () => {
  const found = settings({ tools: { resize: {}, resise: {} } });
  expect(found.unknown(['resize', 'crop'])).toEqual(['resise']);
});

test.each([
  { tools: { resize: { retry: { attempts: 'many' } } } },
  { tools: { resize: { retries: {} } } },
  { tool: {} },
])('%j is refused', (given) => {
  expect(policySettingsSchema.safeParse(given).success).toBe(false);
});
