import { setTimeout as pause } from 'node:timers/promises';
import { send, toolCall } from '../support/wire.ts';
import type { Balancer } from './balancer.ts';

/** How a call ended for its client, which tries again as often as the answers allow. */
export type End =
  | 'answered'
  /** With an error, or a connection that broke, after which it must not try again. */
  | 'failed'
  /** Without any answer. */
  | 'lost';

const ATTEMPTS = 20;
const DEFAULT_RETRY_MS = 100;
const PATIENCE_MS = 20_000;

/** Makes calls one after the other, as an agent does. */
export class RetryingClient {
  readonly ends: End[] = [];
  readonly keys: string[] = [];
  /** What the calls that failed were told. */
  readonly reasons: string[] = [];
  readonly #balancer: Balancer;
  readonly #name: string;
  #stopping = false;

  constructor(name: string, balancer: Balancer) {
    this.#name = name;
    this.#balancer = balancer;
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Resolves after the last call when it was stopped. */
  async run(): Promise<void> {
    for (let n = 0; !this.#stopping; n += 1) {
      const key = `${this.#name}.${n}`;
      const tool = n % 2 === 0 ? 'book' : 'look';
      this.keys.push(key);
      this.ends.push(await this.#call(tool, { key, ms: n % 10 === 0 ? 300 : 5 }));
    }
  }

  async #call(tool: string, args: { key: string; ms: number }): Promise<End> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (let attempt = 1; ; attempt += 1) {
      if (signal.aborted) return 'lost';
      const outcome = await this.#attempt(tool, args);
      if (typeof outcome === 'string') return outcome;
      if (attempt >= ATTEMPTS) return 'failed';
      await pause(outcome.retryMs);
    }
  }

  async #attempt(tool: string, args: { key: string; ms: number }): Promise<End | { retryMs: number }> {
    try {
      const { message } = await send(this.#balancer.next(), toolCall(tool, args));
      if (message.result) return 'answered';
      const { retryable, retryAfterMs } = message.error?.data ?? {};
      if (retryable === true) return { retryMs: Number(retryAfterMs ?? DEFAULT_RETRY_MS) };
      this.reasons.push(JSON.stringify(message.error));
    } catch (error) {
      const { code } = (error as { cause?: { code?: string } }).cause ?? {};
      // Nobody was there: nothing can have been done.
      if (code === 'ECONNREFUSED') return { retryMs: DEFAULT_RETRY_MS };
      if (tool === 'look') return { retryMs: DEFAULT_RETRY_MS };
      this.reasons.push(`${error} ${code}`);
    }
    return 'failed';
  }
}
