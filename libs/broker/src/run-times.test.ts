import { expect, test } from 'vitest';
import { RunTimes } from './run-times.ts';

test('an unknown target is taken for neither fast nor slow', () => {
  expect(new RunTimes().expected('new')).toBe(10);
});

test('the first run is believed at once', () => {
  const times = new RunTimes();
  times.learn('slow', 400);
  expect(times.expected('slow')).toBe(400);
});

test('later runs move the mean towards them, one outlier not far', () => {
  const times = new RunTimes();
  times.learn('tool', 10);
  times.learn('tool', 110);
  expect(times.expected('tool')).toBe(30);
  for (let run = 0; run < 50; run++) times.learn('tool', 110);
  expect(times.expected('tool')).toBeCloseTo(110, 1);
});

test('targets without end do not fill the memory', () => {
  const times = new RunTimes();
  times.learn('first', 400);
  for (let target = 0; target < 10_000; target++) times.learn(`file:///${target}`, 1);
  expect(times.expected('first')).toBe(10);
});

test('calls that share a run travel together: as many as one run takes, and more when it is short', () => {
  const runTimes = new RunTimes();
  runTimes.learn('slow', 2_000);
  runTimes.learn('fast', 5);
  const ofJob = (target: string) => Math.floor(50 / runTimes.share(target, 10, 50));
  expect([ofJob('slow'), ofJob('fast')]).toEqual([10, 100]);
});
