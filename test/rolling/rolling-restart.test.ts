import { expect, test } from 'vitest';
import { rollingRestart } from './rolling-restart.ts';

test('while every process is replaced under load, no call fails, is lost, or runs twice', {
  timeout: 90_000,
}, async () => {
  const { figures, exits, reasons } = await rollingRestart({
    frontDoors: 2,
    workers: 2,
    clients: 8,
    pauseMs: 300,
  });
  expect(reasons).toEqual([]);
  expect(figures).toEqual({
    calls: expect.any(Number),
    rolling_restart_failed: 0,
    rolling_restart_lost: 0,
    rolling_restart_repeated: 0,
    processes: 4,
  });
  expect(figures.calls).toBeGreaterThan(100);
  expect(exits).toEqual(Array.from({ length: 4 }, () => ({ code: 0, signal: null })));
});
