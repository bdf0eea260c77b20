import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError, type Service } from '@millrace/service';

export interface ReadinessOptions {
  /** Names of the programs, each with the URL that answers 200 once it is ready. */
  readonly probes: () => Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
}

/** Its start is done when every program is ready. */
export class Readiness implements Service {
  readonly #options: ReadinessOptions;
  readonly #abort = new AbortController();

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** @throws OperatorError that names the program that does not get ready in time */
  async start(): Promise<void> {
    const probes = Object.entries(this.#options.probes());
    await Promise.all(probes.map(([name, url]) => this.#untilReady(name, url)));
  }

  async stop(): Promise<void> {
    this.#abort.abort(new OperatorError('stopped before all was ready'));
  }

  async #untilReady(name: string, url: string): Promise<void> {
    const { timeoutMs, intervalMs = 50 } = this.#options;
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)]);
    while (!(await isReady(url, signal))) {
      this.#abort.signal.throwIfAborted();
      if (signal.aborted)
        throw new OperatorError(`${name} was not ready within ${timeoutMs / 1000} s (${url})`);
      await sleep(intervalMs);
    }
  }
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.status === 200;
  } catch (error) {
    // `fetch` throws when nobody listens there yet, and when the time is up.
    if (error instanceof TypeError || signal.aborted) return false;
    throw error;
  }
}
