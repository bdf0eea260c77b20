import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Service } from './service.ts';

/** How long a late turn counts, in milliseconds. */
const WINDOW_MS = 10_000;

/** How often the event loop is looked at, in milliseconds. */
const RESOLUTION_MS = 20;

const NS_PER_MS = 1e6;

/** What tells how late turns of the event loop were, in nanoseconds. */
export type DelayMonitor = Pick<
  ReturnType<typeof monitorEventLoopDelay>,
  'enable' | 'disable' | 'reset' | 'max' | 'count'
>;

/** Notices when the event loop does not get round: because a tool computes without a pause, or the machine is too busy. */
export class EventLoopWatch implements Service {
  readonly #monitor: DelayMonitor;
  #timer: NodeJS.Timeout | undefined;
  #beforeMs = 0;

  constructor(monitor: DelayMonitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })) {
    this.#monitor = monitor;
  }

  async start(): Promise<void> {
    if (this.#timer) return;
    this.#monitor.enable();
    this.#timer = setInterval(() => this.#turn(), WINDOW_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#monitor.disable();
  }

  /** How late the latest turn of the last 10 to 20 s was, in milliseconds. */
  get worstMs(): number {
    return Math.max(this.#beforeMs, this.#nowMs());
  }

  /** @throws Error when a turn was later than that */
  check(limitMs: number): void {
    const late = Math.round(this.worstMs);
    if (late > limitMs) throw new Error(`the event loop was ${late} ms late`);
  }

  #nowMs(): number {
    return this.#monitor.count === 0 ? 0 : this.#monitor.max / NS_PER_MS;
  }

  #turn(): void {
    this.#beforeMs = this.#nowMs();
    this.#monitor.reset();
  }
}
