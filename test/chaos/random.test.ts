import { expect, test } from 'vitest';
import { Random } from './random.ts';

const some = (seed: number) => {
  const random = new Random(seed);
  return Array.from({ length: 5 }, () => random.next());
};

test('the same seed gives the same numbers, another one others', () => {
  expect(some(1)).toEqual(some(1));
  expect(some(1)).not.toEqual(some(2));
});

test('numbers lie between 0 and 1, all over', () => {
  const random = new Random(3);
  const numbers = Array.from({ length: 10_000 }, () => random.next());
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(numbers.filter((number) => number < 0.25).length).toBeGreaterThan(2_300);
});

test('choices come as often as their weights say', () => {
  const random = new Random(4);
  const picked = Array.from({ length: 4_000 }, () =>
    random.pick([
      ['rare', 1],
      ['often', 3],
    ] as const),
  );
  const rare = picked.filter((choice) => choice === 'rare').length;
  expect(rare).toBeGreaterThan(850);
  expect(rare).toBeLessThan(1_150);
});

test('from nothing nothing can be chosen', () => {
  expect(() => new Random(5).one([])).toThrow('nothing to choose');
});
