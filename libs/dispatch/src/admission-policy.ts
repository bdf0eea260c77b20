import type { Dispatcher } from '@millrace/broker';
import { MillraceError } from '@millrace/protocol';
import type { Metrics } from '@millrace/service';
import type { CallPolicy, Pass, Passage } from './call-policies.ts';
import type { LimitSettings } from './limit-settings.ts';
import { priorityOf } from './priority.ts';
import type { Route } from './router.ts';

/** The wait is a guess: a call must be expected to end with this part of its time left. */
const MARGIN = 0.2;

/** What a client is told to wait at least, in milliseconds. */
const MIN_RETRY_MS = 100;

/** What a client is told to wait when the front door itself has too much, in milliseconds. */
const FULL_RETRY_MS = 1_000;

export interface AdmissionPolicyOptions {
  readonly dispatcher: Pick<Dispatcher, 'pending' | 'pendingBytes' | 'waitMs' | 'expectedRunMs'>;
  readonly settings: Pick<LimitSettings, 'maxQueueMs' | 'maxPendingCalls' | 'maxPendingBytes'>;
  /** How long a call may take unless its tool allows more, in milliseconds. */
  readonly callTimeoutMs: number;
  readonly metrics: Pick<Metrics, 'refused'>;
}

/** Refuses at once what would fail later: calls that would wait past their deadline, or do not fit into memory. */
export class AdmissionPolicy implements CallPolicy {
  readonly #options: AdmissionPolicyOptions;

  constructor(options: AdmissionPolicyOptions) {
    this.#options = options;
  }

  /** To all calls: without anything in the way it costs next to nothing. */
  appliesTo(): boolean {
    return true;
  }

  /** @throws MillraceError `overloaded` */
  pass(passage: Passage, next: Pass): void | Promise<void> {
    this.#checkRoom(passage);
    // What may become a task may wait.
    if (passage.route.task === undefined) this.#checkWait(passage);
    return next(passage);
  }

  #checkRoom({ request: { bytes } }: Passage): void {
    const { dispatcher, settings } = this.#options;
    const { maxPendingCalls, maxPendingBytes } = settings;
    if (dispatcher.pending >= maxPendingCalls) {
      throw this.#overloaded('The front door has as many calls as it takes', FULL_RETRY_MS, {
        maxPendingCalls,
      });
    }
    if (dispatcher.pendingBytes + bytes > maxPendingBytes) {
      throw this.#overloaded('The front door holds as much as it takes', FULL_RETRY_MS, { maxPendingBytes });
    }
  }

  #checkWait({ request, route }: Passage): void {
    const { dispatcher } = this.#options;
    const waitMs = dispatcher.waitMs(route.pool, request.principal.tenant, priorityOf(request, route));
    if (waitMs === 0) return;
    const mayWaitMs = this.#mayWaitMs(route);
    if (waitMs <= mayWaitMs) return;
    throw this.#overloaded(`${route.target} would wait for too long`, waitMs - mayWaitMs, {
      pool: route.pool,
      waitMs: Math.ceil(waitMs),
      mayWaitMs: Math.floor(mayWaitMs),
    });
  }

  /** The time that the run itself leaves of the deadline, if not less is asked for. */
  #mayWaitMs({ target, timeoutMs = 0, policies }: Route): number {
    const { dispatcher, settings, callTimeoutMs } = this.#options;
    const wholeMs = Math.max(callTimeoutMs, timeoutMs) * (1 - MARGIN);
    const leftMs = Math.max(0, wholeMs - dispatcher.expectedRunMs(target));
    return Math.min(policies?.maxQueueMs ?? settings.maxQueueMs, leftMs);
  }

  #overloaded(
    message: string,
    retryAfterMs: number,
    details: Record<string, string | number>,
  ): MillraceError {
    this.#options.metrics.refused.inc({ reason: 'overloaded' });
    const after = Math.max(MIN_RETRY_MS, Math.ceil(retryAfterMs));
    return new MillraceError('overloaded', message, { retryAfterMs: after, details });
  }
}
