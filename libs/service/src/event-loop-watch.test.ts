import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventLoopWatch } from './event-loop-watch.ts';

const monitor = { max: 0, count: 0, enable: vi.fn(() => true), disable: vi.fn(() => true), reset: vi.fn() };
let watch: EventLoopWatch;

beforeEach(async () => {
  vi.useFakeTimers();
  Object.assign(monitor, { max: 0, count: 0 });
  watch = new EventLoopWatch(monitor);
  await watch.start();
});

afterEach(async () => {
  await watch.stop();
  vi.useRealTimers();
});

test('an event loop that gets round is alive', () => {
  Object.assign(monitor, { max: 25e6, count: 10 });
  expect(watch.worstMs).toBe(25);
  watch.check(1_000);
});

test('a late turn counts for a while, and is then forgotten', () => {
  Object.assign(monitor, { max: 3_000e6, count: 10 });
  expect(() => watch.check(1_000)).toThrow('the event loop was 3000 ms late');
  vi.advanceTimersByTime(10_000);
  Object.assign(monitor, { max: 25e6, count: 10 });
  expect(() => watch.check(1_000)).toThrow('3000 ms');
  vi.advanceTimersByTime(10_000);
  watch.check(1_000);
});

test('a real event loop that is held up is noticed', async () => {
  vi.useRealTimers();
  const real = new EventLoopWatch();
  await real.start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const until = performance.now() + 150;
  while (performance.now() < until);
  await vi.waitFor(() => expect(() => real.check(100)).toThrow(/ms late/));
  await real.stop();
});
