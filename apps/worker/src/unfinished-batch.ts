import { type Delivery, type FinishedCalls, Tick } from '@millrace/broker';
import type { Call } from '@millrace/protocol';

/**
 * What of a batch is still to do. Calls that end while others go on are marked in Redis, so that a worker that
 * gets the batch after this one died does not run them again. A batch that ends as a whole costs nothing.
 */
export class UnfinishedBatch {
  readonly #delivery: Delivery;
  readonly #finished: FinishedCalls;
  readonly #tick = new Tick<string>((calls) => this.#mark(calls));
  #left = 0;
  #marking: Promise<void> = Promise.resolve();
  #marked = false;

  constructor(delivery: Delivery, finished: FinishedCalls) {
    this.#delivery = delivery;
    this.#finished = finished;
  }

  /** The calls that nobody answered yet. */
  async calls(): Promise<readonly Call[]> {
    const { batch, job, redelivered } = this.#delivery;
    const done = redelivered ? await this.#finished.of(job) : undefined;
    this.#marked = done !== undefined && done.size > 0;
    const calls = done ? batch.calls.filter((call) => !done.has(call.id)) : batch.calls;
    this.#left = calls.length;
    return calls;
  }

  finish(call: string): void {
    this.#left -= 1;
    // Of a batch that was lost nothing is known here any more: others go by the marks.
    if (this.#left > 0 && !this.#delivery.lock.lost) this.#tick.add(call);
  }

  /** Removes the marks, now that the whole batch is done. */
  async end(): Promise<void> {
    this.#left = 0;
    await this.#marking;
    if (this.#marked && !this.#delivery.lock.lost) await this.#finished.clear(this.#delivery.job);
  }

  #mark(calls: readonly string[]): void {
    if (this.#left <= 0) return;
    this.#marked = true;
    this.#marking = this.#finished.mark(this.#delivery.job, calls).catch(dispensable);
  }
}

/** Without a mark a call may come again: an idempotent one then runs again, and no other does. */
function dispensable(): void {}
