import { expect, test } from 'vitest';
import { CallPolicies, type CallPolicy, type Passage } from './call-policies.ts';
import type { Route } from './router.ts';

const ROUTE: Route = { pool: 'default', target: 'echo', idempotent: true };
const PASSAGE = { route: ROUTE } as Passage;

function noting(name: string, seen: string[], applies = true): CallPolicy {
  return {
    appliesTo: () => applies,
    pass: (passage, next) => {
      seen.push(name);
      return next(passage);
    },
  };
}

test('policies see a call in the order that is written down, whatever the order of the set', () => {
  const seen: string[] = [];
  const set = { admission: noting('admission', seen), cache: noting('cache', seen) };
  new CallPolicies(set, () => void seen.push('sent')).of(ROUTE)?.(PASSAGE);
  expect(seen).toEqual(['cache', 'admission', 'sent']);
});

test('a route to which no policy applies has no chain', () => {
  const policies = new CallPolicies({ cache: noting('cache', [], false) }, () => {});
  expect(policies.of(ROUTE)).toBeUndefined();
});

test('the chain of a route is put together once', () => {
  const policies = new CallPolicies({ cache: noting('cache', []) }, () => {});
  expect(policies.of(ROUTE)).toBe(policies.of(ROUTE));
});
