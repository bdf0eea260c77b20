import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMeasured } from './measured.ts';
import { plots, renderRuns, runScenarios } from './report.ts';
import { sweepShards } from './shards.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const measured = readMeasured();
const runs = runScenarios(measured);
const points = sweepShards(measured);
const page = readFileSync(join(DOCS, 'scaling-simulation.md'), 'utf8');

test('the page has the figures that the model gives (else run `npm run simulate -- --plots`, and copy the table)', () => {
  expect(page).toContain(renderRuns(runs));
});

test('the plots of the page are those that the model draws (else run `npm run simulate -- --plots`)', () => {
  for (const [file, svg] of plots(runs, points)) {
    expect(page).toContain(`(${file})`);
    expect(readFileSync(join(DOCS, file), 'utf8'), file).toBe(svg);
  }
});

test('calls wait for Redis from the rate on that its shards can do, and not before', () => {
  for (const { shards, rate, waitP99Ms } of points) {
    const share = rate / (shards * measured.redisCallsPerSecond);
    if (share < 0.99) expect(waitP99Ms, `${shards} at ${rate}`).toBeLessThan(200);
    if (share > 1.1) expect(waitP99Ms, `${shards} at ${rate}`).toBeGreaterThan(1_000);
  }
});
