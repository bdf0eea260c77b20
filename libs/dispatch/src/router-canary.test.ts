import type { CatalogueView } from '@millrace/broker';
import { EMPTY_OFFER } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { Router } from './router.ts';
import { aTool, aView } from './testing/views.ts';

const inPool = { pool: 'default-canary' };
const note = (pool: string) => ({ pool, definition: { uri: 'note:1', name: 'n' } });

/** A pool with a canary that serves one of its two tools. */
function view(weight: number): CatalogueView {
  const stable = aView({ tools: [aTool('both'), aTool('stable')], resources: [note('default')] }, [
    'default',
    'default-canary',
  ]);
  const offer = { ...EMPTY_OFFER, tools: [aTool('both', inPool)], resources: [note('default-canary')] };
  return { ...stable, canary: { offer, weights: new Map([['default-canary', weight]]) } };
}

const NOBODY = new Set<string>();
const poolOf = (router: Router, name: string, params = {}) =>
  router.route('tools/call', { name, ...params }, 'modern').pool;

test('a canary gets its share', () => {
  let drawn = 0;
  const router = new Router(view(10), NOBODY, () => {
    drawn += 1;
    return (drawn % 100) / 100;
  });
  const pools = Array.from({ length: 1_000 }, () => poolOf(router, 'both'));
  expect(pools.filter((pool) => pool === 'default-canary')).toHaveLength(100);
});

test.each([
  [0, 'default'],
  [100, 'default-canary'],
])('with a weight of %i all goes to %s', (weight, pool) => {
  const router = new Router(view(weight));
  expect(Array.from({ length: 20 }, () => poolOf(router, 'both'))).toEqual(Array(20).fill(pool));
  expect(router.route('resources/read', { uri: 'note:1' }, 'modern').pool).toBe(pool);
});

test('what the canary does not serve is not sent to it', () => {
  expect(poolOf(new Router(view(100)), 'stable')).toBe('default');
});

test('a call that comes back goes to the version that it began on', () => {
  expect(poolOf(new Router(view(100)), 'both', { requestState: 'v1.a.b' })).toBe('default');
  expect(poolOf(new Router(view(0)), 'both', { requestState: 'v1+canary.a.b' })).toBe('default-canary');
  expect(
    poolOf(new Router(aView({ tools: [aTool('both')] })), 'both', { requestState: 'v1+canary.a.b' }),
  ).toBe('default');
});
