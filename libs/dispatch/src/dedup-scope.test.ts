import { type ToolEntry, toolPoliciesSchema } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { dedupOf } from './dedup-scope.ts';
import { aTool } from './testing/views.ts';

const HARMLESS = { readOnlyHint: true, idempotentHint: true };
const cache = { ttlMs: 1, scope: 'tenant' } as const;

function scopeOf(policies: object, annotations: object = {}, overrides: Partial<ToolEntry> = {}) {
  return dedupOf(
    aTool('t', {
      idempotent: true,
      definition: { name: 't', annotations },
      policies: toolPoliciesSchema.parse(policies),
      ...overrides,
    }),
  );
}

test.each([
  ['a tool that says nothing', {}, {}, undefined],
  ['one that only reads', {}, { readOnlyHint: true }, undefined],
  ['one that may be repeated', {}, { idempotentHint: true }, undefined],
  ['one that says both', {}, HARMLESS, 'self'],
  ['one that does not want it', { dedup: 'off' }, HARMLESS, undefined],
  ['one that says among whom', { dedup: 'tenant' }, {}, 'tenant'],
  ['one that is cached', { cache }, {}, 'tenant'],
  ['one that is cached and says so itself', { cache, dedup: 'private' }, {}, 'private'],
  ['one that is cached and does not want it', { cache, dedup: 'off' }, HARMLESS, undefined],
])('%s', (_, policies, annotations, scope) => {
  expect(scopeOf(policies, annotations)).toBe(scope);
});

test('never what must not run twice, nor what is always a task', () => {
  expect(scopeOf({ cache }, HARMLESS, { idempotent: false })).toBeUndefined();
  expect(scopeOf({}, HARMLESS, { task: 'required' })).toBeUndefined();
});

test('not by default what keeps state for somebody', () => {
  expect(scopeOf({}, HARMLESS, { affinity: 'upstream' })).toBeUndefined();
});
