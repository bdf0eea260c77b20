import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { BoundCounter } from './bound-counter.ts';
import { TallyHistogram } from './tally-histogram.ts';

const waits = () =>
  new TallyHistogram<'pool'>({
    name: 'wait_seconds',
    help: 'Waits.',
    labelNames: ['pool'],
    buckets: [0.1, 1],
  });

async function exposed(histogram: TallyHistogram<'pool'>): Promise<string[]> {
  const registry = new Registry();
  registry.registerMetric(histogram as never);
  return (await registry.metrics()).trim().split('\n').slice(2);
}

test('values are counted in the first bucket that is large enough, and in all larger ones', async () => {
  const histogram = waits();
  const tally = histogram.bind({ pool: 'default' });
  for (const value of [0.05, 0.1, 0.5, 7]) tally.observe(value);
  expect(await exposed(histogram)).toEqual([
    'wait_seconds_bucket{pool="default",le="0.1"} 2',
    'wait_seconds_bucket{pool="default",le="1"} 3',
    'wait_seconds_bucket{pool="default",le="+Inf"} 4',
    'wait_seconds_sum{pool="default"} 7.65',
    'wait_seconds_count{pool="default"} 4',
  ]);
});

test('the calls of a batch are observed at once', () => {
  const tally = waits().bind({ pool: 'default' });
  tally.observe(0.5, 32);
  expect([tally.count, tally.sum, tally.cumulative()]).toEqual([32, 16, [0, 32]]);
});

test('the same labels are the same series', () => {
  const histogram = waits();
  histogram.observe({ pool: 'default' }, 1);
  expect(histogram.bind({ pool: 'default' }).count).toBe(1);
  expect(histogram.bind({ pool: 'images' }).count).toBe(0);
});

test('what a bound counter counted is there when it is read, once', async () => {
  const counter = new BoundCounter<'pool'>({
    name: 'a_total',
    help: 'A.',
    labelNames: ['pool'],
    registers: [],
  });
  const count = counter.bind({ pool: 'default' });
  count.inc();
  count.inc(2);
  counter.inc({ pool: 'default' });
  const read = async () => (await counter.get()).values.map(({ value }) => value);
  expect(await read()).toEqual([4]);
  expect(await read()).toEqual([4]);
});
