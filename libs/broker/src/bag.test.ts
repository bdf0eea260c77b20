import { expect, test } from 'vitest';
import { Bag } from './bag.ts';

function bagOf<T>(...items: T[]): Bag<T> {
  const bag = new Bag<T>();
  for (const item of items) bag.add(item);
  return bag;
}

test.each(['a', 'b', 'c'])('%s is taken out, the others stay', (item) => {
  const bag = bagOf('a', 'b', 'c');
  expect(bag.delete(item)).toBe(true);
  expect(bag.delete(item)).toBe(false);
  expect([...bag].sort()).toEqual(['a', 'b', 'c'].filter((one) => one !== item));
  expect(bag.size).toBe(2);
});

test('who looks through it meets all that was in it, though each is taken out meanwhile', () => {
  const bag = bagOf(1, 2, 3, 4);
  const met: number[] = [];
  for (const item of bag) {
    met.push(item);
    bag.delete(item);
  }
  expect(met).toEqual([1, 2, 3, 4]);
  expect(bag.size).toBe(0);
});

test('it can be emptied at once', () => {
  const bag = bagOf('a', 'b');
  bag.clear();
  expect([...bag]).toEqual([]);
});
