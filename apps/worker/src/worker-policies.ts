import {
  BreakerBoard,
  countBreakers,
  FleetLeases,
  type Keys,
  LastGood,
  PolicyLink,
  type RedisSource,
} from '@millrace/broker';
import type { Call, ToolPolicies } from '@millrace/protocol';
import { Lifecycle, type Logger, type Metrics, type Service } from '@millrace/service';
import type { CallContext, CallSink, Target, ToolTarget } from '@millrace/toolkit';
import { breakerLayer } from './breaker-policy.ts';
import { bulkheadLayer } from './bulkhead-policy.ts';
import { fallbackLayer } from './fallback-policy.ts';
import { type AdaptPolicies, PolicySettings, type PolicySettingsValue } from './policy-settings.ts';
import { retryLayer } from './retry-policy.ts';
import type { RunningCall } from './running-call.ts';
import { ToolBreakers } from './tool-breakers.ts';
import type { WorkerLayers } from './tool-chain.ts';
import { ToolPlaces } from './tool-places.ts';

export interface WorkerPoliciesOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly settings: PolicySettingsValue;
  readonly createContext: (call: Call, sink: CallSink) => CallContext;
  /** Has the last word on the policies of each tool; what is set counts unless given. */
  readonly adapt?: AdaptPolicies | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What a worker puts around its tools. The order is that of `WORKER_POLICIES`, whatever the order here. */
export class WorkerPolicies implements Service {
  readonly layers: WorkerLayers;
  readonly #settings: PolicySettings;
  readonly #places: ToolPlaces;
  readonly #logger: Logger;
  readonly #lifecycle: Lifecycle;

  constructor({ source, keys, settings, createContext, adapt, metrics, logger }: WorkerPoliciesOptions) {
    const link = new PolicyLink(source);
    const board = new BreakerBoard(link, keys);
    const leases = new FleetLeases(link, keys);
    const lastGood = new LastGood(link, keys);
    const breakers = new ToolBreakers(board, logger);
    countBreakers(board, metrics);
    this.#settings = new PolicySettings(settings, adapt);
    this.#places = new ToolPlaces(metrics);
    this.#logger = logger;
    this.#lifecycle = new Lifecycle([
      link,
      leases,
      { start: async () => undefined, stop: async () => breakers.dispose() },
    ]);
    this.layers = {
      fallback: fallbackLayer({ lastGood, createContext, metrics, logger }),
      retry: retryLayer(metrics),
      breaker: breakerLayer(breakers),
      bulkhead: bulkheadLayer({ places: this.#places, leases, metrics, logger }),
    };
  }

  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  stop(deadline?: number): Promise<void> {
    return this.#lifecycle.stop(deadline);
  }

  /** The policies that count for a tool. */
  of(tool: ToolTarget): ToolPolicies | undefined {
    return this.#settings.of(tool);
  }

  /** Says of which tools there are settings though nobody serves them; it may be meant so, or be a slip of the pen. */
  checkNames(served: readonly string[]): void {
    const unknown = this.#settings.unknown(served);
    if (unknown.length > 0)
      this.#logger.warn({ tools: unknown }, 'policies are set for tools that are not served');
  }

  /** Whether calls of the target may wait for something while others have their slot. */
  mayWait(target: Target): boolean {
    const { concurrency, retry } = this.#settings.of(target as ToolTarget) ?? {};
    return concurrency !== undefined || retry !== undefined;
  }

  /** @returns false when the call had better be left to other workers, because this one runs its tool often enough */
  reserve(running: RunningCall, target: Target): true | Promise<boolean> {
    const tool = target as ToolTarget;
    const policies = this.#settings.of(tool);
    return policies?.concurrency ? this.#places.reserve(running, { tool, policies }) : true;
  }
}
