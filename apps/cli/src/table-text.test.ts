import { expect, test } from 'vitest';
import { tableText } from './table-text.ts';
import { ageText, workerRows } from './worker-rows.ts';

test('columns are as wide as their widest cell, and lines as the terminal', () => {
  const rows = [
    ['a', 'short'],
    ['longer', 'a long description'],
  ];
  expect(tableText(['NAME', 'WHAT'], rows)).toBe('NAME    WHAT\na       short\nlonger  a long description');
  expect(tableText(['NAME', 'WHAT'], rows, 14).split('\n')[2]).toBe('longer  a lon…');
});

test.each([
  [-5, '0 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 d'],
])('%i ms are %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

test('workers are listed the oldest first', () => {
  const worker = { pools: ['a', 'b'], slots: 4, offer: 'x', host: 'h', pid: 7 };
  const rows = workerRows(
    [
      { ...worker, id: 'w2', startedAt: 5_000, plugins: ['p@1.0.0'], weight: 10 },
      { ...worker, id: 'w1', startedAt: 0 },
    ],
    10_000,
  );
  expect(rows).toEqual([
    ['w1', 'h', '7', '4', '10 s', 'a,b', ''],
    ['w2', 'h', '7', '4', '5 s', 'a,b (10 %)', 'p@1.0.0'],
  ]);
});
