import { expect, test } from 'vitest';
import { affinityOwnerOf } from './affinity.ts';
import { AFFINITY_META_KEY } from './meta-keys.ts';

const ada = { id: 'ada', tenant: 'a' };
const handle = (name: unknown) => ({ _meta: { [AFFINITY_META_KEY]: name } });

test('a session, or a handle where there is none, tells whose state a call is about', () => {
  expect(affinityOwnerOf({ params: {}, session: 's' })).toBe(
    affinityOwnerOf({ params: { x: 1 }, session: 's' }),
  );
  expect(affinityOwnerOf({ params: handle('h') })).toBe(affinityOwnerOf({ params: handle('h') }));
});

test('nobody finds the state of another principal, session or handle', () => {
  const owners = [
    affinityOwnerOf({ params: handle('x') }),
    affinityOwnerOf({ params: handle('y') }),
    affinityOwnerOf({ params: handle('x'), principal: ada }),
    affinityOwnerOf({ params: handle('x'), principal: { id: 'ada', tenant: 'b' } }),
    affinityOwnerOf({ params: {}, session: 'x' }),
  ];
  expect(new Set(owners).size).toBe(owners.length);
});

test.each([{}, handle(''), handle(7), { _meta: null }])('%j names nobody', (params) => {
  expect(affinityOwnerOf({ params })).toBeUndefined();
});
