import { expect, test } from 'vitest';
import { Restarts } from './restarts.ts';

function restartsAt() {
  const clock = { now: 0 };
  return { clock, restarts: new Restarts({ failures: 3, pauseMs: 10_000, now: () => clock.now }) };
}

test('after each failure the pause grows; after several the next try is far away and nobody waits for it', () => {
  const { restarts } = restartsAt();
  const pauses = [1, 2, 3].map(() => {
    restarts.failed(new Error('no'));
    return [restarts.waitMs, restarts.open];
  });
  expect(pauses).toEqual([
    [100, false],
    [200, false],
    [10_000, true],
  ]);
});

test('when the pause is over one try is made, and a success ends it all', () => {
  const { restarts, clock } = restartsAt();
  for (let n = 0; n < 3; n += 1) restarts.failed(new Error('no'));
  clock.now = 10_000;
  expect([restarts.waitMs, restarts.open, restarts.failing]).toEqual([0, false, true]);
  restarts.failed(new Error('still not'));
  expect([restarts.open, (restarts.lastError as Error).message]).toEqual([true, 'still not']);
  restarts.succeeded();
  expect([restarts.waitMs, restarts.failing]).toEqual([0, false]);
});

test('what is hopeless is not tried again soon', () => {
  const { restarts } = restartsAt();
  restarts.failed(new Error('no such program'), 'hopeless');
  expect(restarts.open).toBe(true);
});

test('processes that were killed from outside count little', () => {
  const { restarts } = restartsAt();
  for (let n = 0; n < 11; n += 1) restarts.failed(new Error('killed'), 'killed');
  expect(restarts.open).toBe(false);
  restarts.failed(new Error('killed'), 'killed');
  expect(restarts.open).toBe(true);
});
