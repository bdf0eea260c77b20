import { expect, test, vi } from 'vitest';
import { OutputLog } from './output-log.ts';

function logAt(linesPerSecond = 3, secrets: string[] = []) {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const clock = { now: 0 };
  const output = new OutputLog({
    log,
    fields: { upstream: 'u' },
    linesPerSecond,
    secrets,
    now: () => clock.now,
  });
  const lines = () => log.info.mock.calls.map(([fields]) => (fields as { line: string }).line);
  return { output, log, clock, lines };
}

test('lines are logged whole, in whatever pieces they come', () => {
  const { output, lines } = logAt();
  output.push('fir');
  output.push('st\nsecond\nthi');
  expect(lines()).toEqual(['first', 'second']);
  output.end();
  expect(lines()).toEqual(['first', 'second', 'thi']);
});

test('above the bound lines are counted only, and the count is told', () => {
  const { output, log, clock, lines } = logAt(2);
  output.push('1\n2\n3\n4\n');
  expect(lines()).toEqual(['1', '2']);
  clock.now = 1_000;
  output.push('5\n');
  expect(lines()).toEqual(['1', '2', '5']);
  expect(log.warn).toHaveBeenCalledExactlyOnceWith({ upstream: 'u', lines: 2 }, expect.any(String));
});

test('the last lines are kept, also those that were not logged', () => {
  const { output } = logAt(1);
  output.push(Array.from({ length: 50 }, (_, at) => `line ${at}\n`).join(''));
  output.push('and the');
  expect(output.tail).toHaveLength(20);
  expect(output.tail.slice(-2)).toEqual(['line 49', 'and the']);
});

test('secrets are hidden, and short values are none', () => {
  const { output, lines } = logAt(3, ['hunter2!', 'on']);
  output.push('the password hunter2! is on\n');
  expect(lines()).toEqual(['the password *** is on']);
  expect(output.tail).toEqual(['the password *** is on']);
});

test('a line without an end does not fill the memory', () => {
  const { output } = logAt();
  for (let n = 0; n < 100; n += 1) output.push('x'.repeat(1_000));
  expect(output.tail.join('').length).toBeLessThanOrEqual(1_001);
});
