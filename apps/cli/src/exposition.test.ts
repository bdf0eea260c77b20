import { expect, test } from 'vitest';
import { quantileOf, readExposition, totalOf } from './exposition.ts';

const text = (fast: number, slow: number) => `# HELP d_seconds Time.
# TYPE d_seconds histogram
d_seconds_bucket{le="0.1",method="a"} ${fast}
d_seconds_bucket{le="1",method="a"} ${fast + slow}
d_seconds_bucket{le="+Inf",method="a"} ${fast + slow}
d_seconds_count{method="a"} ${fast + slow}
odd{name="say \\"hi\\", you"} 3
plain 1.5e3
`;

test('names, labels and values are read', () => {
  const samples = readExposition(text(1, 1));
  expect(samples.at(-1)).toEqual({ name: 'plain', labels: {}, value: 1500 });
  expect(samples.at(-2)).toEqual({ name: 'odd', labels: { name: 'say "hi", you' }, value: 3 });
  expect(totalOf(samples, 'd_seconds_count')).toBe(2);
});

test('quantiles are those of the time between two readings', () => {
  const before = readExposition(text(1_000, 0));
  const now = readExposition(text(1_010, 90));
  expect(quantileOf(before, now, 'd_seconds', 0.05)).toBe(0.1);
  expect(quantileOf(before, now, 'd_seconds', 0.99)).toBe(1);
  expect(quantileOf(now, now, 'd_seconds', 0.5)).toBeUndefined();
  expect(quantileOf([], [], 'd_seconds', 0.5)).toBeUndefined();
});
