import type { BreakerBoard, BreakerReport } from '@millrace/broker';
import type { BreakerFleet, BreakerLimits, ProbeAnswer, Verdict } from '@millrace/resilience';
import type { Logger } from '@millrace/service';

/** What a caller is told to wait at most while somebody probes, in milliseconds. */
const PROBE_RETRY_MS = 1_000;

export interface SharedBreakerOptions {
  readonly board: BreakerBoard;
  readonly logger: Logger;
  readonly name: string;
  readonly limits: BreakerLimits;
  /** How long a prober that falls silent keeps others from probing, in milliseconds. */
  readonly probeMs: number;
}

/** A breaker as the fleet has it. While Redis cannot be asked, what was known last counts. */
export class SharedBreaker implements BreakerFleet {
  readonly #options: SharedBreakerOptions;

  constructor(options: SharedBreakerOptions) {
    this.#options = options;
  }

  get closed(): boolean {
    return (this.#standing?.status ?? 'closed') === 'closed';
  }

  get suspected(): boolean {
    return this.#standing?.suspected ?? false;
  }

  failed(): Promise<boolean> {
    return this.#report('bad');
  }

  async succeeded(): Promise<void> {
    await this.#report('good');
  }

  async tripped(): Promise<void> {
    await this.#report('tripped');
  }

  async askProbe(): Promise<ProbeAnswer> {
    const { board, logger, name, probeMs } = this.#options;
    const waitMs = (this.#standing?.freeAt ?? 0) - Date.now();
    if (waitMs > 0) return { kind: 'refused', waitMs: this.#retryAfter(waitMs) };
    try {
      const reply = await board.askProbe(name, probeMs);
      if (reply.kind === 'refused') return { kind: 'refused', waitMs: this.#retryAfter(reply.waitMs) };
      if (reply.kind === 'closed') return { kind: 'closed' };
      const { token } = reply;
      const end = async (verdict: Verdict) => void (await this.#report(verdict, token));
      return { kind: 'granted', end };
    } catch (error) {
      logger.warn({ err: error, breaker: name }, 'nobody could be asked for the leave to probe');
      return { kind: 'refused', waitMs: PROBE_RETRY_MS };
    }
  }

  get #standing() {
    return this.#options.board.standing(this.#options.name);
  }

  /** A probe is usually over long before another one may begin. */
  #retryAfter(waitMs: number): number {
    return this.#standing?.status === 'half-open' ? Math.min(waitMs, PROBE_RETRY_MS) : waitMs;
  }

  /** @returns whether the fleet was told */
  async #report(report: BreakerReport, token?: string): Promise<boolean> {
    const { board, logger, name, limits } = this.#options;
    try {
      await board.report(name, limits, report, token);
      return true;
    } catch (error) {
      logger.warn({ err: error, breaker: name, report }, 'the fleet was not told how a tool does');
      return false;
    }
  }
}
