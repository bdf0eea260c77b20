import type { Outcome } from '@millrace/broker';
import { type ErrorName, isFinalResult, type MillraceError } from '@millrace/protocol';
import type { Passage } from './call-policies.ts';
import { TappedAnswer } from './tapped-answer.ts';
import { becomesTask } from './tasks-extension.ts';

export interface KeyedAnswerOptions {
  readonly passage: Passage;
  /** Lets the call be made again. Never rejects. */
  readonly release: () => Promise<void>;
  /** Keeps the outcome unless there is one. Never rejects. */
  readonly keep: (outcome: Outcome) => Promise<void>;
}

/**
 * The answer to a call with a key. The worker that runs the call keeps its outcome, because it is the first to know;
 * what is answered without a worker, or says that there was none, is seen to here.
 */
export class KeyedAnswer extends TappedAnswer {
  readonly #options: KeyedAnswerOptions;
  #dispatched = false;

  constructor(to: Passage['answer'], options: KeyedAnswerOptions) {
    super(to);
    this.#options = options;
  }

  override result(payload: string): void {
    const { passage } = this.#options;
    if (this.#dispatched && !becomesTask(passage.request, passage.route)) super.result(payload);
    else void this.#keepFirst(payload);
  }

  override error(status: number, payload: string, retryAfterMs?: number): void {
    const { data } = JSON.parse(payload) as { data?: { name?: ErrorName } };
    this.#ended(data?.name);
    super.error(status, payload, retryAfterMs);
  }

  override fail(error: MillraceError, status?: number): void {
    this.#ended(error.kind);
    super.fail(error, status);
  }

  /**
   * Whoever gives a key may come back for the result, perhaps because the connection broke: the call goes on. It is
   * asked for by who puts the call on its way.
   */
  override onGone(): void {
    this.#dispatched = true;
  }

  async #keepFirst(payload: string): Promise<void> {
    const { passage, keep, release } = this.#options;
    const isTask = payload.includes('"resultType":"task"');
    // A question to the client is no outcome: it makes the call again with its answer.
    if (isTask || isFinalResult(payload)) await keep({ kind: 'result', payload, era: passage.request.era });
    else await release();
    super.result(payload);
  }

  /** What was not on its way, or did not get there, can be made again. */
  #ended(name: ErrorName | undefined): void {
    if (!this.#dispatched || name === 'broker_unavailable') void this.#options.release();
  }
}
