import { expect, test } from 'vitest';
import { Retry, type RetryOutcome, type RetryWish } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';

interface Setting {
  readonly attempts?: number;
  readonly deadline?: number;
  readonly random?: number;
  readonly wish?: (tried: string) => RetryWish | undefined;
  readonly budget?: RetryBudget;
  readonly goesOn?: boolean;
}

/** A call whose tries give these, one after the other; the clock stands still but for the pauses. */
async function retry(gives: readonly string[], setting: Setting = {}) {
  const { attempts = 4, deadline = 1_000_000, random = 1, goesOn = true } = setting;
  const outcomes: RetryOutcome[] = [];
  const pauses: number[] = [];
  let now = 0;
  let tries = 0;
  const result = await new Retry({
    settings: { attempts, baseMs: 100, maxMs: 250 },
    budget: setting.budget ?? new RetryBudget(() => 0),
    onWish: (outcome) => void outcomes.push(outcome),
    random: () => random,
    now: () => now,
  }).run({
    attempt: async () => gives[tries++] ?? 'good',
    wish: setting.wish ?? ((tried) => (tried === 'bad' ? {} : undefined)),
    deadline,
    pause: async (ms) => {
      pauses.push(ms);
      now += ms;
      return goesOn;
    },
  });
  return { result, tries, outcomes, pauses };
}

test('what goes well is not tried again', async () => {
  expect(await retry(['good'])).toEqual({ result: 'good', tries: 1, outcomes: [], pauses: [] });
});

test('the waits double up to the longest', async () => {
  const { result, pauses } = await retry(['bad', 'bad', 'bad', 'good']);
  expect([result, pauses]).toEqual(['good', [100, 200, 250]]);
});

test('jitter takes from the whole wait', async () => {
  expect((await retry(['bad', 'bad', 'good'], { random: 0 })).pauses).toEqual([0, 0]);
});

test('after the last try its failure is the answer', async () => {
  const { result, tries, outcomes } = await retry(['bad', 'bad', 'bad'], { attempts: 2 });
  expect([result, tries, outcomes]).toEqual(['bad', 2, ['retried', 'attempts']]);
});

test('a failure that no try helps is the answer at once', async () => {
  expect((await retry(['worse'])).tries).toBe(1);
});

test('a failure that says when to come back is obeyed', async () => {
  const wish = (tried: string) => (tried === 'bad' ? { afterMs: 700 } : undefined);
  expect((await retry(['bad', 'good'], { wish })).pauses).toEqual([800]);
});

test('no try begins after the deadline', async () => {
  const { tries, outcomes, pauses } = await retry(['bad', 'bad', 'bad'], { deadline: 250 });
  expect([tries, outcomes, pauses]).toEqual([2, ['retried', 'deadline'], [100]]);
});

test('the budget has the last word', async () => {
  const budget = new RetryBudget(() => 0);
  while (budget.take());
  const { tries, outcomes } = await retry(['bad'], { budget });
  expect([tries, outcomes]).toEqual([1, ['budget']]);
});

test('a call that is given up while it waits is not tried again', async () => {
  const { tries, outcomes } = await retry(['bad'], { goesOn: false });
  expect([tries, outcomes]).toEqual([1, ['aborted']]);
});
