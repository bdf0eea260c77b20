import { expect, test, vi } from 'vitest';
import { type Drained, drain } from './drain.ts';

/** A worker whose calls end when the test says so, or when they are given up. */
function aWorker({ handBack = 0, abortAll = 0 } = {}) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const drained = {
    intakes: { stop: () => promise },
    toolBatches: { hurry: vi.fn() },
    batches: { handBack: vi.fn(async () => handBack) },
    running: {
      abortAll: vi.fn(() => {
        resolve();
        return abortAll;
      }),
    },
  } satisfies Drained;
  return { drained, end: resolve };
}

test('what ends before the deadline is neither handed back nor stopped', async () => {
  const { drained, end } = aWorker();
  const stopped = drain(drained, Date.now() + 60_000);
  end();
  await stopped;
  expect(drained.toolBatches.hurry).toHaveBeenCalledOnce();
  expect(drained.batches.handBack).not.toHaveBeenCalled();
});

test('at the deadline all is handed back: that is an end in good order', async () => {
  const { drained } = aWorker();
  await drain(drained, Date.now());
  expect(drained.batches.handBack).toHaveBeenCalledOnce();
});

test.each([
  { handBack: 2, abortAll: 0 },
  { handBack: 0, abortAll: 2 },
  { handBack: 1, abortAll: 1 },
])('calls that had to be stopped are told: %o', async (stopped) => {
  const { drained } = aWorker(stopped);
  await expect(drain(drained, Date.now())).rejects.toThrow('neither end nor be handed back: 2');
});
