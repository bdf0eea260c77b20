import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withDeadline } from './deadline.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }));
afterEach(() => void vi.useRealTimers());

const expired = new Error('expired');
const never = new Promise<never>(() => undefined);

test('work that is done in time gives its value and leaves no timer', async () => {
  await expect(withDeadline(Promise.resolve('done'), 2_000, () => expired)).resolves.toBe('done');
  expect(vi.getTimerCount()).toBe(0);
});

test('work that fails in time gives its failure and leaves no timer', async () => {
  const failure = new Error('failed');
  await expect(withDeadline(Promise.reject(failure), 2_000, () => expired)).rejects.toBe(failure);
  expect(vi.getTimerCount()).toBe(0);
});

test('at the deadline, and not before, the work is given up', async () => {
  const expire = vi.fn(() => expired);
  const result = withDeadline(never, 2_000, expire);
  result.catch(() => 'awaited below');
  await vi.advanceTimersByTimeAsync(999);
  expect(expire).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await expect(result).rejects.toBe(expired);
});

test('a deadline that has passed gives up at once', async () => {
  const result = withDeadline(never, 0, () => expired);
  result.catch(() => 'awaited below');
  await vi.advanceTimersByTimeAsync(0);
  await expect(result).rejects.toBe(expired);
});

test('what fails after it was given up disturbs nobody', async () => {
  const work = Promise.withResolvers<never>();
  const result = withDeadline(work.promise, 0, () => expired);
  result.catch(() => 'awaited below');
  await vi.advanceTimersByTimeAsync(0);
  work.reject(new Error('late'));
  await expect(result).rejects.toBe(expired);
});

test('a deadline beyond the longest timer does not fire at once', async () => {
  const expire = vi.fn(() => expired);
  void withDeadline(never, Number.MAX_SAFE_INTEGER, expire);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(expire).not.toHaveBeenCalled();
});
