/** One series of a histogram. To observe is a comparison for each bucket at most: no label is looked at. */
export class Tally {
  readonly #bounds: readonly number[];
  readonly #buckets: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#buckets = bounds.map(() => 0);
  }

  /** @param times how often the value was seen */
  observe(value: number, times = 1): void {
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#buckets[at] = (this.#buckets[at] ?? 0) + times;
    this.#sum += value * times;
    this.#count += times;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  /** Values up to each bound, those up to lower bounds included. */
  cumulative(): number[] {
    let total = 0;
    return this.#buckets.map((bucket) => {
      total += bucket;
      return total;
    });
  }
}

export interface TallyHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, the lowest first. */
  readonly buckets: readonly number[];
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly tally: Tally;
}

/** One line of the text that Prometheus reads. */
export interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * A histogram whose series are bound to their labels once: prom-client's own looks labels up at every value, which a
 * call would pay for several times.
 */
export class TallyHistogram<L extends string = string> {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;
  readonly #options: TallyHistogramOptions;
  readonly #series = new Map<string, Series>();

  constructor(options: TallyHistogramOptions) {
    this.name = options.name;
    this.help = options.help;
    this.#options = options;
  }

  /** The series of these labels, for who observes it often. */
  bind(labels: Readonly<Record<L, string>>): Tally {
    const values = this.#options.labelNames.map((name) => String(labels[name as L]));
    const key = values.join('\0');
    const known = this.#series.get(key);
    if (known) return known.tally;
    const tally = new Tally(this.#options.buckets);
    this.#series.set(key, { labels: { ...labels }, tally });
    return tally;
  }

  observe(labels: Readonly<Record<L, string>>, value: number): void {
    this.bind(labels).observe(value);
  }

  /** What the registry of prom-client asks of a metric. */
  async get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: Sample[] }> {
    const { name, help, type, aggregator } = this;
    return {
      name,
      help,
      type,
      aggregator,
      values: [...this.#series.values()].flatMap((one) => this.#samples(one)),
    };
  }

  #samples({ labels, tally }: Series): Sample[] {
    const { name, buckets } = this.#options;
    const counts = tally.cumulative();
    const bucket = (le: number | string, value: number) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value,
    });
    return [
      ...buckets.map((bound, at) => bucket(bound, counts[at] ?? 0)),
      bucket('+Inf', tally.count),
      { metricName: `${name}_sum`, labels, value: tally.sum },
      { metricName: `${name}_count`, labels, value: tally.count },
    ];
  }
}
