import { type CallMethod, type ToolPolicies, WORKER_POLICIES, type WorkerPolicy } from '@millrace/protocol';
import type { Target, ToolTarget } from '@millrace/toolkit';
import type { Outcome } from './outcome.ts';
import type { RunningCall } from './running-call.ts';

/** Runs one call and says how it ended. Never rejects. */
export type Run = (running: RunningCall) => Promise<Outcome>;

/** What a chain is built for. */
export interface Chained {
  readonly target: Target;
  /** Absent for what is no tool. */
  readonly tool?: ToolTarget;
  /** What counts for the tool; empty when nothing is switched on. */
  readonly policies: ToolPolicies;
}

/** Puts one policy around a run, or gives the run back as it is where the policy is not used. */
export type WorkerLayer = (chained: Chained, next: Run) => Run;

export type WorkerLayers = Readonly<Partial<Record<WorkerPolicy, WorkerLayer>>>;

export interface ToolChainsOptions {
  readonly layers: WorkerLayers;
  readonly policiesOf: (tool: ToolTarget) => ToolPolicies | undefined;
  /** The run that all policies stand around. */
  readonly innermost: (target: Target) => Run;
}

const NO_POLICIES: ToolPolicies = {};

/** The policies of this worker, put together once for each target, in the order of `WORKER_POLICIES`. */
export class ToolChains {
  readonly #options: ToolChainsOptions;
  /** Targets live as long as what is registered; a changed plugin brings new ones. */
  readonly #chains = new WeakMap<Target, Run>();

  constructor(options: ToolChainsOptions) {
    this.#options = options;
  }

  /** @param method by which the target was found: only tools have policies of their own */
  of(target: Target, method: CallMethod): Run {
    const known = this.#chains.get(target);
    if (known) return known;
    const chain = this.#build(this.#chained(target, method));
    this.#chains.set(target, chain);
    return chain;
  }

  #chained(target: Target, method: CallMethod): Chained {
    if (method !== 'tools/call') return { target, policies: NO_POLICIES };
    const tool = target as ToolTarget;
    return { target, tool, policies: this.#options.policiesOf(tool) ?? NO_POLICIES };
  }

  #build(chained: Chained): Run {
    const { layers, innermost } = this.#options;
    const innermostRun = innermost(chained.target);
    return WORKER_POLICIES.reduceRight((next, name) => layers[name]?.(chained, next) ?? next, innermostRun);
  }
}
