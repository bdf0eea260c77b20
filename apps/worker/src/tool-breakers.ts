import type { BreakerBoard } from '@millrace/broker';
import { Breaker, type BreakerLimits } from '@millrace/resilience';
import type { Logger } from '@millrace/service';
import { SharedBreaker } from './shared-breaker.ts';
import type { Chained } from './tool-chain.ts';

/** A prober is waited for at least so long, in milliseconds, before another one may probe. */
const LEAST_PROBE_MS = 1_000;

/** The breakers of the tools of this worker. */
export class ToolBreakers {
  readonly #board: BreakerBoard;
  readonly #logger: Logger;
  /** By tool and rules, so that a plugin that comes back finds its breaker as it was. */
  readonly #breakers = new Map<string, Breaker>();
  /** By the name that tools may share. */
  readonly #byName = new Map<string, Set<Breaker>>();

  constructor(board: BreakerBoard, logger: Logger) {
    this.#board = board;
    this.#logger = logger;
    board.onChange(({ name, status }) => {
      if (status === 'closed') for (const breaker of this.#byName.get(name) ?? []) breaker.close();
    });
  }

  of({ tool, policies }: Omit<Chained, 'target'>): Breaker | undefined {
    if (!tool || !policies.breaker) return undefined;
    const { name = tool.name, ...limits } = policies.breaker;
    const probeMs = Math.max(LEAST_PROBE_MS, limits.recoveryMs, tool.timeoutMs ?? 0);
    const key = JSON.stringify([tool.name, name, limits, probeMs]);
    const breaker = this.#breakers.get(key) ?? this.#newBreaker(name, limits, probeMs);
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** Ends the timers of all of them. */
  dispose(): void {
    for (const breaker of this.#breakers.values()) breaker.dispose();
  }

  #newBreaker(name: string, limits: BreakerLimits, probeMs: number): Breaker {
    const fleet = new SharedBreaker({ board: this.#board, logger: this.#logger, name, limits, probeMs });
    const breaker = new Breaker({ name, limits, fleet });
    this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(breaker));
    return breaker;
  }
}
