import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CHART } from './chart.ts';
import { chartReadme } from './chart-readme.ts';

test('the README of the chart is current: npm run chart:readme writes it', () => {
  expect(readFileSync(join(CHART, 'README.md'), 'utf8')).toBe(chartReadme(CHART));
});

test('every value has its row, with the default and what the comment says', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'README.head.md'), '# Head\n');
  const values = [
    '# For readers of the file',
    'a:',
    '  # -- The first',
    '  b: 1',
    '  c: {}',
    '# -- Of two',
    '# lines',
    'd: [x]',
    '# -- A group',
    'e:',
    "  f: ''",
  ];
  writeFileSync(join(folder, 'values.yaml'), `${values.join('\n')}\n`);
  expect(chartReadme(folder).split('\n').slice(6)).toEqual([
    '| `a.b` | `1` | The first |',
    '| `a.c` | `{}` |  |',
    '| `d` | `["x"]` | Of two lines |',
    '| `e` | `see below` | A group |',
    '| `e.f` | `""` |  |',
    '',
  ]);
});
