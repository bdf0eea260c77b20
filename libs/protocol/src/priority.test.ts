import { expect, test } from 'vitest';
import { isPriority, lowerPriority } from './priority.ts';

test('there are three priorities', () => {
  expect(['high', 'normal', 'low', 'urgent', 1, undefined].map(isPriority)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('the lower of two is the less urgent', () => {
  expect(lowerPriority('high', 'low')).toBe('low');
  expect(lowerPriority('normal', 'high')).toBe('normal');
});
