import { Counter, type CounterConfiguration } from 'prom-client';

/** One series of a counter, which counts without looking at a label. */
export interface Count {
  inc(by?: number): void;
}

class PendingCount<L extends string> implements Count {
  readonly labels: Readonly<Record<L, string>>;
  #pending = 0;

  constructor(labels: Readonly<Record<L, string>>) {
    this.labels = labels;
  }

  inc(by = 1): void {
    this.#pending += by;
  }

  take(): number {
    const taken = this.#pending;
    this.#pending = 0;
    return taken;
  }
}

/** A counter some of whose series are bound to their labels once; what they counted is added when somebody reads it. */
export class BoundCounter<L extends string = string> extends Counter<L> {
  readonly #bound: PendingCount<L>[];

  constructor(configuration: CounterConfiguration<L>) {
    const bound: PendingCount<L>[] = [];
    super({
      ...configuration,
      collect() {
        for (const count of bound) this.inc(count.labels, count.take());
      },
    });
    this.#bound = bound;
  }

  /** The series of these labels, for who counts often. */
  bind(labels: Readonly<Record<L, string>>): Count {
    const count = new PendingCount(labels);
    this.#bound.push(count);
    return count;
  }
}
