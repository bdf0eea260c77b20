import type { BreakerBoard, BreakerStanding, LastGood } from '@millrace/broker';
import {
  FALLBACK_META_KEY,
  type JsonObject,
  MillraceError,
  type ServerInfo,
  stampResult,
  type ToolPolicies,
} from '@millrace/protocol';
import type { Logger, Metrics } from '@millrace/service';
import type { CallPolicy, Pass, Passage } from './call-policies.ts';
import { requestFields } from './request-fields.ts';
import type { Route } from './router.ts';

export interface BreakerPolicyOptions {
  readonly board: BreakerBoard;
  readonly lastGood: LastGood;
  readonly serverInfo: ServerInfo;
  readonly metrics: Pick<Metrics, 'refused' | 'fallbacks'>;
  readonly logger: Logger;
}

/** Before a worker has said that it probes, one call at a time goes its way; the next one after this, in milliseconds. */
const PROBE_GAP_MS = 250;

/** What a caller is told to wait at most while somebody probes, in milliseconds. */
const PROBE_RETRY_MS = 1_000;

/** A call that was let through because it may be the probe. */
interface LetThrough {
  /** What was known then; whatever is heard later lets the next one through. */
  readonly standing: BreakerStanding;
  readonly at: number;
}

/** Refuses at once, without the queue, what workers would refuse; or answers it with the fallback of the tool. */
export class BreakerPolicy implements CallPolicy {
  readonly #options: BreakerPolicyOptions;
  readonly #letThrough = new Map<string, LetThrough>();

  constructor(options: BreakerPolicyOptions) {
    this.#options = options;
  }

  appliesTo({ policies }: Route): boolean {
    return policies?.breaker !== undefined;
  }

  pass(passage: Passage, next: Pass): void | Promise<void> {
    const { policies, target } = passage.route;
    const waitMs = this.#waitOf(policies?.breaker?.name ?? target);
    // Handlers to fall back on are with the workers, which refuse to try the tool all the same.
    if (waitMs === 0 || policies?.fallback?.kind === 'handler') return next(passage);
    return this.#instead(passage, waitMs);
  }

  /** How long the breaker refuses calls from now on, in milliseconds; 0 when this one may pass. */
  #waitOf(breaker: string): number {
    const standing = this.#options.board.standing(breaker);
    if (!standing || standing.status === 'closed') return 0;
    const now = Date.now();
    const waitMs = standing.freeAt - now;
    if (waitMs > 0) return standing.status === 'open' ? waitMs : Math.min(waitMs, PROBE_RETRY_MS);
    const last = this.#letThrough.get(breaker);
    const gap = last?.standing === standing ? last.at + PROBE_GAP_MS - now : 0;
    if (gap > 0) return gap;
    this.#letThrough.set(breaker, { standing, at: now });
    return 0;
  }

  #instead(passage: Passage, waitMs: number): void | Promise<void> {
    const fallback = passage.route.policies?.fallback;
    if (passage.route.task?.mode === 'required' || !fallback) throw this.#refusal(passage, waitMs);
    if (fallback.kind === 'fixed') return this.#answer(passage, 'fixed', fixedResult(fallback));
    return this.#answerStale(passage, waitMs);
  }

  async #answerStale(passage: Passage, waitMs: number): Promise<void> {
    const { lastGood, logger } = this.#options;
    const { request, route } = passage;
    const call = { target: route.target, params: request.params, principal: request.principal };
    try {
      const kept = await lastGood.find(call, route.policies?.cache?.scope ?? 'private');
      if (kept) return this.#answer(passage, 'stale', kept.result);
    } catch (error) {
      logger.warn(
        { err: error, ...requestFields(request, request.principal) },
        'the last good result could not be read',
      );
    }
    throw this.#refusal(passage, waitMs);
  }

  #answer({ request, route, answer }: Passage, kind: 'fixed' | 'stale', result: JsonObject): void {
    const { serverInfo, metrics } = this.#options;
    metrics.fallbacks.inc({ tool: route.target, kind });
    const mark = { [FALLBACK_META_KEY]: { kind, reason: 'circuit_open' } };
    const marked = { ...result, _meta: { ...(result['_meta'] as JsonObject), ...mark } };
    answer.result(JSON.stringify(stampResult(marked, request.method, request.revision, serverInfo)));
  }

  #refusal({ route: { target, policies } }: Passage, waitMs: number): MillraceError {
    this.#options.metrics.refused.inc({ reason: 'circuit_open' });
    return new MillraceError('circuit_open', `${target} fails again and again and is not tried now`, {
      details: { target, breaker: policies?.breaker?.name ?? target },
      retryAfterMs: Math.ceil(waitMs),
    });
  }
}

type FixedFallback = Extract<NonNullable<ToolPolicies['fallback']>, { kind: 'fixed' }>;

function fixedResult({ text, structuredContent }: FixedFallback): JsonObject {
  return { content: [{ type: 'text', text }], ...(structuredContent && { structuredContent }) };
}
