import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { barText, ProgressBar } from './progress-bar.ts';

test('a bar is as long as its share', () => {
  expect(barText(1, 2)).toBe(`[${'#'.repeat(15)}${'.'.repeat(15)}] 50 %`);
  expect(barText(9, 3)).toContain('100 %');
  expect([barText(7), barText(7, 0)]).toEqual(['7', '7']);
});

test('it is drawn on a terminal, cleared, and silent elsewhere', () => {
  const tty = Object.assign(new PassThrough(), { isTTY: true });
  const bar = new ProgressBar(tty);
  bar.show(1, 2, 'half');
  bar.clear();
  expect(tty.read().toString().endsWith('50 % half\r\u001b[2K')).toBe(true);
  const pipe = new PassThrough();
  const silent = new ProgressBar(pipe);
  silent.show(1, 2);
  silent.clear();
  expect(pipe.read()).toBeNull();
});
