import { Bag, type Delivery } from '@millrace/broker';
import { callFields, MillraceError } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { Target } from '@millrace/toolkit';
import type { RunningCall } from './running-call.ts';
import type { TaskRun } from './task-run.ts';
import type { UnfinishedBatch } from './unfinished-batch.ts';

/** A call with what is needed to let another worker have it. */
interface Work {
  readonly running: RunningCall;
  readonly target: Target;
  readonly task: TaskRun | undefined;
}

/** A batch that is being worked on. */
export interface OpenBatch {
  readonly work: readonly Work[];
  readonly batch: UnfinishedBatch;
  readonly delivery: Delivery;
}

/** What becomes of a call: another worker runs it, its own tells it to stop, or it needs neither. */
type Fate = 'handed back' | 'stopped' | 'ended';

/** What this worker has at hand when its time to stop is over. */
export class HandBack {
  readonly #open = new Bag<OpenBatch>();
  readonly #worker: string;
  readonly #logger: Logger;

  /** @param worker id of this worker */
  constructor(worker: string, logger: Logger) {
    this.#worker = worker;
    this.#logger = logger;
  }

  begin(open: OpenBatch): void {
    this.#open.add(open);
  }

  end(open: OpenBatch): void {
    this.#open.delete(open);
  }

  /**
   * Puts what runs here back on its queue, where a second run does no harm; stops the rest. Resolves when all of it is
   * done or told to stop; never rejects.
   *
   * @returns how many were told to stop
   */
  async all(): Promise<number> {
    const work = [...this.#open].flatMap((open) => open.work.map((one) => this.#one(one, open)));
    const fates = await Promise.all(work);
    const count = (fate: Fate) => fates.filter((one) => one === fate).length;
    const handedBack = count('handed back');
    if (handedBack > 0) this.#logger.info({ calls: handedBack }, 'calls were handed back');
    return count('stopped');
  }

  async #one({ running, target, task }: Work, { batch, delivery }: OpenBatch): Promise<Fate> {
    if (running.ended || running.aborted) return 'ended';
    const reason = new MillraceError('shutting_down', 'The worker is shutting down');
    // Calls for which this worker alone has the state have nobody to go to.
    if (!target.idempotent || delivery.lock.lost || delivery.pool === this.#worker) {
      running.abort(reason);
      return 'stopped';
    }
    try {
      // A job of its own keeps what was said of its attempts; others of a batch must not come again with the call.
      if (task && delivery.batch.calls.length === 1) task.comeAgain();
      else await delivery.putBack(running.call);
    } catch (cause) {
      this.#logger.warn({ err: cause, ...callFields(running.call) }, 'a call was not handed back');
      running.abort(reason);
      return 'stopped';
    }
    // It may have ended meanwhile: then its answer is the first of two, and the second one is dropped.
    if (running.ended) return 'ended';
    batch.finish(running.call.id);
    running.handBack(reason);
    return 'handed back';
  }
}
