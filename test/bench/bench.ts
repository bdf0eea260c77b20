import { Stage } from './stage.ts';

export interface BenchOptions {
  readonly redisUrl: string;
  /** Names of the subjects to run; all when empty. */
  readonly only: readonly string[];
}

/** One run of the bench: what is wanted, what was found, what failed. */
export class Bench {
  readonly redisUrl: string;
  readonly stage = new Stage();
  readonly figures: Record<string, number> = {};
  readonly failures: Record<string, string> = {};
  readonly #only: readonly string[];

  constructor({ redisUrl, only }: BenchOptions) {
    this.redisUrl = redisUrl;
    this.#only = only;
  }

  /** @param name of a subject; a figure's name, such as `spread_ratio`, asks for its subject too */
  wants(name: string): boolean {
    return this.#only.length === 0 || this.#only.some((wanted) => wanted.startsWith(name));
  }

  report(figure: string, value: number): void {
    this.figures[figure] = value;
  }

  /** Keeps the largest value reported. */
  reportPeak(figure: string, value: number): void {
    this.figures[figure] = Math.max(this.figures[figure] ?? 0, value);
  }

  progress(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** Runs a piece of the work; when it fails, that is noted and the bench goes on. */
  async attempt<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.failures[name] = message;
      this.progress(`${name}: FAILED: ${message}`);
      return undefined;
    }
  }
}
