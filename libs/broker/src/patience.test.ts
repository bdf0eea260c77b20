import { expect, test, vi } from 'vitest';
import { withPatience } from './patience.ts';

test('what is there in time is given, or fails as it does', async () => {
  const failure = new Error('failed');
  expect(await withPatience(Promise.resolve('done'), 1_000)).toBe('done');
  await expect(withPatience(Promise.reject(failure), 1_000)).rejects.toBe(failure);
});

test('what takes longer is not waited for', async () => {
  await expect(withPatience(new Promise(() => undefined), 5)).rejects.toThrow('longer than 5 ms');
});

test('what arrived while this process was busy still counts', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const answer = withPatience(promise, 5);
  // Stands for a socket that is read after the timers of the same turn.
  setTimeout(() => queueMicrotask(() => resolve('just read')), 6);
  const begun = performance.now();
  while (performance.now() - begun < 20);
  expect(await answer).toBe('just read');
});

test('no timer is left', async () => {
  vi.useFakeTimers();
  try {
    await withPatience(Promise.resolve('done'), 1_000);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
