/** What one timed window saw. */
export interface Measured {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How many answers of the window had each label. */
  readonly labels: Readonly<Record<string, number>>;
  /** Wrong, failed or missing answers, those of the warm-up included. */
  readonly errors: number;
  readonly firstError?: string;
}

/** Counts the answers of a timed window; errors count from the first request on. */
export class Recorder {
  #latencies: number[] = [];
  #labels: Record<string, number> = {};
  #begun = 0;
  #errors = 0;
  #firstError: string | undefined;

  /** Ends the warm-up: what was answered so far is forgotten, what was wrong is not. */
  begin(): void {
    this.#latencies = [];
    this.#labels = {};
    this.#begun = performance.now();
  }

  /** @param label a kind of answer to be counted apart, such as the worker that gave it */
  answer(milliseconds: number, label: string): void {
    this.#latencies.push(milliseconds);
    this.#labels[label] = (this.#labels[label] ?? 0) + 1;
  }

  error(message: string): void {
    this.#errors += 1;
    this.#firstError ??= message;
  }

  /** What was answered between `begin` and now. Later answers are not seen, later errors are in `failures`. */
  end(): Omit<Measured, 'errors' | 'firstError'> {
    const seconds = (performance.now() - this.#begun) / 1000;
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return {
      perSecond: sorted.length / seconds,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      labels: { ...this.#labels },
    };
  }

  get failures(): Pick<Measured, 'errors' | 'firstError'> {
    return { errors: this.#errors, ...(this.#firstError !== undefined && { firstError: this.#firstError }) };
  }
}

/** The smallest value that at least the share `q` of the sorted values does not exceed; NaN of nothing. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN;
}

/** The middle value; of an even number of values the lower one of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
