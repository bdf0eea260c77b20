import type { Cluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

/** Clients that make calls that must not run twice, one after the other, until they are told to stop. */
export class Callers {
  /** What went wrong. */
  readonly failures: unknown[] = [];
  readonly #cluster: Cluster;
  readonly #running: Promise<unknown>;
  #calls = 0;
  #stopping = false;
  #waiting: { readonly calls: number; readonly resolve: () => void } | undefined;

  constructor(cluster: Cluster, count: number) {
    this.#cluster = cluster;
    this.#running = Promise.all(Array.from({ length: count }, (_, at) => this.#run(at)));
  }

  /** Resolves when so many more calls have ended. */
  makes(calls: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { calls: this.#calls + calls, resolve };
    return promise;
  }

  async stop(): Promise<{ readonly calls: number; readonly failures: readonly unknown[] }> {
    this.#stopping = true;
    await this.#running;
    return { calls: this.#calls, failures: this.failures };
  }

  async #run(client: number): Promise<void> {
    const { urls } = this.#cluster;
    for (let n = 0; !this.#stopping; n += 1) {
      const key = `${client}.${n}`;
      const { message } = await send(urls[client % urls.length] ?? '', toolCall('book', { key, ms: 1 }));
      if (!message.result) this.failures.push(message.error);
      this.#calls += 1;
      if (this.#waiting && this.#calls >= this.#waiting.calls) this.#waiting.resolve();
    }
  }
}
