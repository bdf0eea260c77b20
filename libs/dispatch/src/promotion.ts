import type { Dispatch, Dispatcher, Task, TaskPlan, TaskQueue, TaskStore } from '@millrace/broker';
import { callFields, isTerminal, MillraceError } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { Answer } from './answer.ts';

/** How long a timer of the runtime can be set at most, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface PromotionOptions {
  /** The task that the call turns into. */
  readonly plan: TaskPlan;
  /** How long it may run as an ordinary call before that, in milliseconds. */
  readonly afterMs: number;
  /** How long it may run at most if it never does, in milliseconds. */
  readonly limitMs: number;
  readonly answer: Answer;
  /** JSON text of the result that hands the task to the client. */
  readonly handle: (task: Task) => string;
  readonly store: TaskStore;
  readonly queue: TaskQueue;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
}

/**
 * An ordinary call that turns into a task when it takes long, without being run again.
 *
 * The call carries the id of the task from the start, but there is no such task yet. Whoever is first decides, by the
 * store's compare-and-set: the front door, which makes the task when the time has come; or the worker, which withdraws
 * the id when the call ends (or has to ask its client) as an ordinary one. After that the worker writes the outcome
 * into the store, or answers the front door, and never both. So the front door is not needed for anything once the
 * client has its handle.
 */
export class Promotion {
  readonly #options: PromotionOptions;
  #state: 'waiting' | 'streaming' | 'over' = 'waiting';
  #promotion: NodeJS.Timeout | undefined;
  #limit: NodeJS.Timeout | undefined;

  constructor(options: PromotionOptions) {
    this.#options = options;
  }

  begin(dispatch: Dispatch): void {
    const { afterMs, limitMs, answer, dispatcher } = this.#options;
    answer.onGone(() => this.#leave(dispatch));
    this.#promotion = setTimeout(() => void this.#promote(dispatch), Math.min(afterMs, MAX_TIMER_MS));
    this.#limit = setTimeout(() => this.#expire(dispatch), Math.min(limitMs, MAX_TIMER_MS));
    dispatcher.dispatch({
      ...dispatch,
      listener: (frame) => {
        if (isTerminal(frame)) this.#end();
        else this.#stream();
        dispatch.listener(frame);
      },
    });
  }

  /** A client that reads a stream of the call's notifications gets its answer there. */
  #stream(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'streaming';
    clearTimeout(this.#promotion);
  }

  async #promote(dispatch: Dispatch): Promise<void> {
    const { store, dispatcher, answer, handle, plan, logger } = this.#options;
    try {
      const task = await store.create(plan);
      if (!task) return;
      if (this.#state === 'over') return await this.#discard(task);
      this.#end();
      dispatcher.release(dispatch.call.id);
      answer.result(handle(task));
    } catch (error) {
      logger.warn({ err: error, ...callFields(dispatch.call) }, 'a call was not turned into a task');
    }
  }

  /** The client went away, or got an answer from here, while the task was made: nobody knows of it. */
  async #discard({ id, principal, pool, call }: Task): Promise<void> {
    await this.#options.store.cancel(id, principal);
    this.#options.queue.stopWork(pool, call);
  }

  #expire({ call }: Dispatch): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#options.dispatcher.cancel(call.id);
    const text = 'The call was not finished by its deadline';
    this.#options.answer.fail(new MillraceError('deadline_exceeded', text));
  }

  #leave({ call }: Dispatch): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#options.dispatcher.cancel(call.id);
  }

  #end(): void {
    this.#state = 'over';
    clearTimeout(this.#promotion);
    clearTimeout(this.#limit);
  }
}
