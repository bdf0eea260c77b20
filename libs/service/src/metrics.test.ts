import { expect, test } from 'vitest';
import { METRICS } from './instruments.ts';
import { createMetrics } from './metrics.ts';

test('every instrument of the table is exposed under its name', async () => {
  const metrics = createMetrics();
  const exposed = await metrics.registry.metrics();
  for (const { name, type } of Object.values(METRICS)) expect(exposed).toContain(`# TYPE ${name} ${type}`);
});

test('two processes in one test do not share their figures', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.refused.inc({ reason: 'rate_limited' });
  expect((await one.refused.get()).values).toHaveLength(1);
  expect((await other.refused.get()).values).toHaveLength(0);
});

test('counters end with _total and durations are in seconds', () => {
  for (const { name, type } of Object.values(METRICS)) {
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name).not.toMatch(/_ms|_milliseconds/);
  }
});
