import {
  type Abandoned,
  type DeadLetters,
  type FinishedCalls,
  lettersOf,
  type Replies,
  type TaskProgress,
} from '@millrace/broker';
import { type Batch, type Call, type Frame, MillraceError } from '@millrace/protocol';
import type { KeyedReplies } from './keyed-replies.ts';

export interface AbandonedBatchesOptions {
  readonly pool: string;
  readonly letters: DeadLetters;
  readonly finished: FinishedCalls;
  readonly progress: TaskProgress;
  readonly replies: Replies;
  /** Answers calls that have an idempotency key; without it they are answered like all others. */
  readonly keyed?: KeyedReplies;
}

/** Sees to batches that no worker will take again: their calls are kept as dead letters, and answered. */
export class AbandonedBatches {
  readonly #options: AbandonedBatchesOptions;

  constructor(options: AbandonedBatchesOptions) {
    this.#options = options;
  }

  /** Resolves when each call that was not answered before is kept and answered. */
  async bury({ job, batch, deaths, reason }: Abandoned): Promise<void> {
    const { pool, letters, finished, replies, keyed } = this.#options;
    const done = await finished.of(job);
    const left: Batch = { ...batch, calls: batch.calls.filter(({ id }) => !done.has(id)) };
    for (const letter of lettersOf(left, { pool, deaths, reason })) {
      const id = await letters.add(letter);
      await this.#answer(left, letter.call, givenUp(letter.call, { pool, deaths, reason, deadLetter: id }));
    }
    await keyed?.flush();
    await replies.flush();
  }

  /** What becomes of a task goes into its store; an ordinary call is answered to its front door. */
  async #answer({ replyTo }: Batch, call: Call, error: MillraceError): Promise<void> {
    const { progress, replies, keyed } = this.#options;
    const { id, task, idempotency } = call;
    const payload = JSON.stringify(error.toJsonRpc(id));
    const standing =
      task === undefined ? 'ordinary' : await progress.settle(task, { kind: 'error', payload });
    if (standing !== 'ordinary') return;
    const frame: Frame = { call: id, kind: 'error', payload, runMs: 0 };
    if (idempotency && keyed) keyed.send(call, idempotency, replyTo, frame);
    else replies.send(replyTo, frame);
  }
}

interface Details {
  readonly pool: string;
  readonly deaths: number;
  readonly reason: string;
  readonly deadLetter: string;
}

function givenUp({ target }: Call, details: Details): MillraceError {
  const text = `The call of ${target} was given up: ${details.reason}`;
  return new MillraceError('worker_lost', text, { details: { target, ...details } });
}
