import { expect, test } from 'vitest';
import { withRatios } from './figures.ts';
import { renderTable } from './table.ts';

const machine = { cpu: 'Quick CPU', cores: 2, memoryGb: 4, node: 'v24.0.0', redis: '7.0.15' };

test('names the machine and judges each figure that was measured', () => {
  const figures = withRatios({ sdk_http_rps: 1000, millrace_http_rps: 6000, serial_p50_ms: 4 });
  expect(renderTable(machine, figures).split('\n')).toEqual([
    'Quick CPU, 2 cores, 4 GB, Node v24.0.0, Redis 7.0.15',
    '',
    '| figure            | value | bar |      | what it is                              |',
    '| ----------------- | ----: | --: | ---- | --------------------------------------- |',
    "| sdk_http_rps      | 1,000 |     |      | the SDK's own HTTP handler, one process |",
    '| millrace_http_rps | 6,000 |     |      | front door, Redis and one worker        |',
    '| http_ratio        |  6.00 | ≥ 5 | pass | millrace_http over sdk_http             |',
    '| serial_p50_ms     |  4.00 | ≤ 3 | MISS | one call at a time over HTTP            |',
  ]);
});

test('a ratio needs both of its figures', () => {
  expect(withRatios({ sdk_http_rps: 1000 })).toEqual({ sdk_http_rps: 1000 });
});
