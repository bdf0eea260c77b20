import type { FlightAddress, IdempotencyRecords, Replies } from '@millrace/broker';
import {
  type Call,
  callFields,
  type ErrorName,
  eraOf,
  type Frame,
  type IdempotencyClaim,
  isFinalResult,
  isTerminal,
  type ReplyAddress,
  type TerminalFrame,
} from '@millrace/protocol';
import type { Logger } from '@millrace/service';

/** Errors that say that the tool was not run. */
const NOT_RUN = new Set<ErrorName | undefined>([
  'broker_unavailable',
  'circuit_open',
  'invalid_params',
  'missing_capability',
  'overloaded',
  'permission_denied',
  'rate_limited',
  'unauthenticated',
  'unknown_tool',
  'upstream_unavailable',
]);

export interface KeyedRepliesOptions {
  readonly replies: Pick<Replies, 'send'>;
  readonly records: Pick<IdempotencyRecords, 'end' | 'release'>;
  /** Whether a second run of the call does no harm. */
  readonly isIdempotent: (call: Call) => boolean;
  readonly logger: Logger;
}

/**
 * Answers calls that have an idempotency key. The outcome is kept before it is told, by the process that knows it first:
 * so it is found by who comes back for it, also when the front door or this worker is gone by then.
 */
export class KeyedReplies {
  readonly #options: KeyedRepliesOptions;
  readonly #ending = new Set<Promise<void>>();

  constructor(options: KeyedRepliesOptions) {
    this.#options = options;
  }

  send(call: Call, claim: IdempotencyClaim, to: ReplyAddress, frame: Frame): void {
    if (!isTerminal(frame)) {
      this.#options.replies.send(to, frame);
      return;
    }
    this.#track(this.#end(call, claim, to, frame));
  }

  /** Lets a call be made again that is not begun, and whose front door has answered it by now. */
  drop(call: Call): void {
    if (call.idempotency) this.#track(this.#release(call, call.idempotency));
  }

  /** Resolves when all outcomes are kept, and handed to the replies. */
  async flush(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #track(work: Promise<void>): void {
    const ending: Promise<void> = work.finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  async #release(call: Call, claim: IdempotencyClaim): Promise<void> {
    try {
      this.#tell(await this.#options.records.release(claim));
    } catch (error) {
      this.#options.logger.error(
        { err: error, ...callFields(call) },
        'the key of a call that was not run was not freed',
      );
    }
  }

  async #end(call: Call, claim: IdempotencyClaim, to: ReplyAddress, frame: TerminalFrame): Promise<void> {
    const { replies, records, logger } = this.#options;
    try {
      if (this.#cameToNothing(call, frame)) this.#tell(await records.release(claim));
      else {
        const outcome = { kind: frame.kind, payload: frame.payload, era: eraOf(call.revision) };
        const { earlier, waiting } = await records.end(claim, outcome);
        this.#tell(waiting);
        if (earlier) return replies.send(to, { ...frame, ...earlier });
      }
    } catch (error) {
      logger.error({ err: error, ...callFields(call) }, 'the outcome of a call with a key was not kept');
    }
    replies.send(to, frame);
  }

  /** Whether the call had better be made again than be answered like this for ever. */
  #cameToNothing(call: Call, { kind, payload, runMs }: TerminalFrame): boolean {
    if (kind === 'result') return !isFinalResult(payload);
    if (this.#options.isIdempotent(call)) return true;
    const { data } = JSON.parse(payload) as { data?: { name?: ErrorName } };
    return NOT_RUN.has(data?.name) || (runMs === 0 && data?.name !== 'worker_lost');
  }

  #tell(waiting: readonly FlightAddress[]): void {
    for (const { id, to } of waiting) {
      this.#options.replies.send(to, { call: id, kind: 'flight', payload: 'ended' });
    }
  }
}
