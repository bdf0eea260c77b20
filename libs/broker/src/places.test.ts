import { expect, test } from 'vitest';
import { Places } from './places.ts';

test('what is put there is found until it is removed', () => {
  const places = new Places<{ n: number }>();
  places.set('a', { n: 1 });
  places.set('b', { n: 2 });
  places.set('a', { n: 3 });
  expect(places.items().toSorted((a, b) => a.n - b.n)).toEqual([{ n: 2 }, { n: 3 }]);
  places.delete('a');
  places.delete('unknown');
  expect([places.get('a'), places.get('b'), places.size]).toEqual([undefined, { n: 2 }, 1]);
  expect(places.keys()).toEqual(['b']);
});

test('who comes second finds what is there, and cannot remove it for another', () => {
  const [first, second] = [{ n: 1 }, { n: 2 }];
  const places = new Places<{ n: number }>();
  expect(places.getOrAdd('a', first)).toBe(first);
  expect(places.getOrAdd('a', second)).toBe(first);
  places.delete('a', second);
  expect(places.get('a')).toBe(first);
  places.delete('a', first);
  expect(places.size).toBe(0);
});

test('there is no end of places', () => {
  const places = new Places<{ n: number }>();
  const keys = Array.from({ length: 20_000 }, (_, n) => `key ${n}`);
  for (const [n, key] of keys.entries()) places.set(key, { n });
  expect(places.size).toBe(20_000);
  // In another order than they came, so that each is taken out of the middle of others.
  for (const key of keys.filter((_, n) => n % 3 === 1)) places.delete(key);
  expect(keys.filter((key, n) => places.get(key)?.n !== (n % 3 === 1 ? undefined : n))).toEqual([]);
  for (const key of keys) places.delete(key);
  expect([places.size, places.items()]).toEqual([0, []]);
});
