import { expect, test } from 'vitest';
import { toolPoliciesSchema } from './policies.ts';
import { type CachedThing, cacheConflicts } from './policy-conflicts.ts';

function conflicts(policies: object, thing: Partial<CachedThing> = {}): string[] {
  return cacheConflicts({ idempotent: true, policies: toolPoliciesSchema.parse(policies), ...thing });
}

test('what goes together is not complained about', () => {
  expect(conflicts({ cache: { ttlMs: 1 }, dedup: 'private' })).toEqual([]);
  expect(conflicts({ cache: { ttlMs: 1, scope: 'public' }, dedup: 'tenant' })).toEqual([]);
  expect(conflicts({ dedup: 'off' }, { idempotent: false, task: 'required' })).toEqual([]);
  expect(cacheConflicts({ idempotent: false })).toEqual([]);
});

test.each([
  ['cache of a task', { cache: { ttlMs: 1 } }, { task: 'required' }, ['policies.cache', 'task']],
  ['dedup of a task', { dedup: 'public' }, { task: 'required' }, ['policies.dedup', 'task']],
  ['dedup of what must not run twice', { dedup: 'private' }, { idempotent: false }, ['dedup', 'idempotent']],
  ['dedup wider than the cache', { cache: { ttlMs: 1 }, dedup: 'tenant' }, {}, ['dedup', 'cache.scope']],
])('%s names both fields', (_, policies, thing, fields) => {
  const found = conflicts(policies, thing);
  expect(found).toHaveLength(1);
  for (const field of fields) expect(found[0]).toContain(field);
});

test.each([
  [{ ttlMs: 0 }],
  [{ ttlMs: 1, negativeTtlMs: -1 }],
  [{ ttlMs: 700_000_000 }],
  [{ ttlMs: 1, scope: 'all' }],
  [{}],
])('a cache of %j is refused', (cache) => {
  expect(toolPoliciesSchema.safeParse({ cache }).success).toBe(false);
});
