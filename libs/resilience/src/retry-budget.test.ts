import { expect, test } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

/** How many retries there are right now. */
function drain(budget: RetryBudget): number {
  let taken = 0;
  while (budget.take()) taken += 1;
  return taken;
}

test('every tool has a few retries to begin with', () => {
  expect(drain(new RetryBudget(() => 0))).toBe(10);
});

test('from then on retries are a tenth of the calls', () => {
  const budget = new RetryBudget(() => 0);
  drain(budget);
  for (let call = 0; call < 205; call += 1) budget.deposit();
  expect(drain(budget)).toBe(20);
});

test('a tool with little traffic gets its few back within a minute, and no more', () => {
  let now = 0;
  const budget = new RetryBudget(() => now);
  drain(budget);
  now += 30_001;
  expect(drain(budget)).toBe(5);
  now += 3_600_000;
  expect(drain(budget)).toBe(10);
});

test('a quiet year does not save up for a storm', () => {
  const budget = new RetryBudget(() => 0);
  for (let call = 0; call < 100_000; call += 1) budget.deposit();
  expect(drain(budget)).toBe(100);
});
