import { Gauge, Registry } from 'prom-client';
import type { AdminAnswer } from './admin-server.ts';
import { BoundCounter } from './bound-counter.ts';
import { DURATION, type Instrument } from './instrument.ts';
import { METRICS } from './instruments.ts';
import { TallyHistogram } from './tally-histogram.ts';

type Labels<I extends Instrument> = I extends { labels: readonly (infer L extends string)[] } ? L : never;

type InstrumentOf<I extends Instrument> = I['type'] extends 'counter'
  ? BoundCounter<Labels<I>>
  : I['type'] extends 'gauge'
    ? Gauge<Labels<I>>
    : TallyHistogram<Labels<I>>;

/** The instruments of one process, by their names in `METRICS`, and the registry that exposes them. */
export type Metrics = { readonly [K in keyof typeof METRICS]: InstrumentOf<(typeof METRICS)[K]> } & {
  readonly registry: Registry;
};

/** Builds the instruments of one process, with a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const instruments = Object.entries(METRICS).map(([key, instrument]) => [key, build(instrument, registry)]);
  return { ...Object.fromEntries(instruments), registry } as Metrics;
}

/** The figures of a process as Prometheus reads them. */
export async function exposeMetrics({ registry }: Metrics): Promise<AdminAnswer> {
  return { body: await registry.metrics(), contentType: registry.contentType };
}

function build(
  { type, name, help, labels = [], buckets = DURATION }: Instrument,
  registry: Registry,
): BoundCounter | Gauge | TallyHistogram {
  const options = { name, help, labelNames: labels, registers: [registry] };
  if (type === 'counter') return new BoundCounter(options);
  if (type === 'gauge') return new Gauge(options);
  const histogram = new TallyHistogram({ name, help, labelNames: labels, buckets });
  // It has what the registry reads of a metric.
  registry.registerMetric(histogram as unknown as Gauge);
  return histogram;
}
