import type { LastGood, LastGoodScope } from '@millrace/broker';
import {
  type Call,
  callFields,
  FALLBACK_META_KEY,
  type JsonObject,
  type ToolPolicies,
} from '@millrace/protocol';
import { withDeadline, withFallback } from '@millrace/resilience';
import type { Logger, Metrics } from '@millrace/service';
import type { CallContext, CallSink, ToolTarget } from '@millrace/toolkit';
import { type Failure, type Outcome, succeeded } from './outcome.ts';
import type { RunningCall } from './running-call.ts';
import type { WorkerLayer } from './tool-chain.ts';

export interface FallbackOptions {
  readonly lastGood: LastGood;
  readonly createContext: (call: Call, sink: CallSink) => CallContext;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

type FallbackPolicy = NonNullable<ToolPolicies['fallback']>;

/** Another answer for one call; undefined when there is none. */
type Answers = (running: RunningCall, failure: Failure) => Promise<JsonObject | undefined>;

/** Answers for tools that cannot. */
export function fallbackLayer(options: FallbackOptions): WorkerLayer {
  const { metrics, logger } = options;
  return ({ tool, policies }, next) => {
    const { fallback } = policies;
    if (!tool || !fallback) return next;
    const answers = answersOf(tool, policies, fallback, options);
    const keep = keeperOf(policies, options);
    return async (running) => {
      const outcome = await withFallback(() => next(running), {
        helps: ({ failure }) => failure !== undefined && failure.kind !== 'rejected',
        answer: async ({ failure }) => {
          const result = failure && (await answers(running, failure));
          if (!result || result['isError'] === true) return undefined;
          metrics.fallbacks.inc({ tool: tool.name, kind: fallback.kind });
          return succeeded(marked(result, fallback.kind, failure.reason));
        },
        onFailure: (error) => {
          logger.warn({ err: error, ...callFields(running.call) }, 'a fallback failed, too');
        },
      });
      keep?.(running.call, outcome);
      return outcome;
    };
  };
}

function answersOf(
  tool: ToolTarget,
  policies: ToolPolicies,
  fallback: FallbackPolicy,
  { lastGood, createContext }: FallbackOptions,
): Answers {
  switch (fallback.kind) {
    case 'fixed': {
      const { text, structuredContent } = fallback;
      const result = { content: [{ type: 'text', text }], ...(structuredContent && { structuredContent }) };
      return async () => result;
    }
    case 'stale':
      return async ({ call }) => (await lastGood.find(call, scopeOf(policies)))?.result;
    case 'handler':
      return async (running, { reason }) => {
        const { call } = running;
        const context = createContext(call, new FallbackSink(running));
        const work = tool.fallback?.(call, context, reason);
        return work && withDeadline(work, call.deadline, () => new Error('it was not done by the deadline'));
      };
  }
}

function keeperOf(policies: ToolPolicies, { lastGood }: FallbackOptions) {
  const { fallback } = policies;
  if (fallback?.kind !== 'stale') return undefined;
  const scope = scopeOf(policies);
  return (call: Call, { result, failure }: Outcome) => {
    if (!result || failure || isUnfinished(result)) return;
    lastGood.keep(call, scope, result, fallback.maxAgeMs);
  };
}

/** A fallback's own answer, or a request for input, is nothing to give later. */
function isUnfinished(result: JsonObject): boolean {
  const meta = result['_meta'] as JsonObject | undefined;
  return meta?.[FALLBACK_META_KEY] !== undefined || result['resultType'] === 'input_required';
}

/** Whoever may have a cached result may have a stale one. */
function scopeOf({ cache }: ToolPolicies): LastGoodScope {
  return cache?.scope ?? 'private';
}

function marked(result: JsonObject, kind: FallbackPolicy['kind'], reason: string): JsonObject {
  return { ...result, _meta: { ...(result['_meta'] as JsonObject), [FALLBACK_META_KEY]: { kind, reason } } };
}

/** The call of which a fallback takes care may have been aborted: the fallback itself has until the deadline. */
class FallbackSink implements CallSink {
  readonly #running: RunningCall;
  #signal: AbortSignal | undefined;

  constructor(running: RunningCall) {
    this.#running = running;
  }

  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.timeout(Math.max(0, this.#running.call.deadline - Date.now()));
    return this.#signal;
  }

  notify(method: string, params: JsonObject): void {
    this.#running.notify(method, params);
  }

  request(method: string, params: JsonObject, key: string): Promise<JsonObject> {
    return this.#running.request(method, params, key);
  }
}
