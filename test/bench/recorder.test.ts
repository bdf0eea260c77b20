import { expect, test } from 'vitest';
import { median, quantile, Recorder } from './recorder.ts';

test('a quantile is one of the values', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(quantile(hundred, 0.5)).toBe(50);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

test('the median needs no order', () => {
  expect(median([9, 1, 5])).toBe(5);
});

test('the warm-up is forgotten, its errors are not', () => {
  const recorder = new Recorder();
  recorder.answer(100, 'early');
  recorder.error('wrong');
  recorder.begin();
  recorder.answer(1, 'a');
  recorder.answer(3, 'b');
  recorder.answer(2, 'a');
  expect(recorder.end()).toMatchObject({ p50: 2, p99: 3, labels: { a: 2, b: 1 } });
  expect(recorder.failures).toEqual({ errors: 1, firstError: 'wrong' });
});
