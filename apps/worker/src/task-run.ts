import type { OpenQuestion, TaskProgress } from '@millrace/broker';
import {
  type Call,
  callFields,
  ERROR_META_KEY,
  type Frame,
  isTerminal,
  type JsonObject,
  MillraceError,
  type TerminalFrame,
} from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { HeldSlot } from './held-slot.ts';

/** How often the store is asked for an answer, in milliseconds, should the message that brings it have been lost. */
const LOOK_MS = 5_000;

export interface TaskRunOptions {
  readonly call: Call;
  /** Id of the task. */
  readonly task: string;
  readonly progress: TaskProgress;
  /** Whether its batch comes again when work on it fails now. */
  readonly retried: boolean;
  /** Answers as an ordinary call does. */
  readonly reply: (frame: Frame) => void;
  readonly logger: Logger;
}

/**
 * One run of a call that is a task, or that becomes one when it takes long (see the front door's `Promotion`). What
 * becomes of a task goes into its store, and to nobody else: the front door that made it may be gone.
 */
export class TaskRun {
  readonly #options: TaskRunOptions;
  #isTask = false;
  #live: Promise<boolean> | undefined;
  #end: Promise<void> | undefined;
  #again = false;
  #slot: HeldSlot | undefined;

  constructor(options: TaskRunOptions) {
    this.#options = options;
  }

  /** @param slot is lent to others while the task waits for its client */
  runsOn(slot: HeldSlot): void {
    this.#slot = slot;
  }

  /** @returns whether there is still something to do: not for a task that was cancelled meanwhile */
  async begin(): Promise<boolean> {
    const standing = await this.#options.progress.standing(this.#options.task);
    this.#isTask = standing === 'working';
    return standing !== 'ended';
  }

  /** Whether the client can be asked while the call runs. A call of which this is asked before it is a task stays none. */
  get live(): true | Promise<boolean> {
    if (this.#isTask) return true;
    this.#live ??= this.#decide();
    return this.#live;
  }

  /** Where the frames of the call go. Notifications of tasks have nobody to go to. */
  send(frame: Frame): void {
    if (isTerminal(frame)) this.#end ??= this.#settle(frame);
    else if (!this.#isTask) this.#options.reply(frame);
  }

  /**
   * Puts a question to the client of the task. One that was answered before, be it to a worker that has died since, is
   * not put again.
   *
   * @param key names the question among all of the task
   * @param told the answer, when a message brings it; rejects when the call ends first
   */
  async ask(key: string, question: OpenQuestion, told: Promise<JsonObject>): Promise<JsonObject> {
    // It may be rejected before somebody waits for it.
    told.catch(ignore);
    const asked = await this.#options.progress.ask(this.#options.task, key, question);
    if (asked.kind === 'answered') return asked.answer;
    if (asked.kind === 'ended') throw new MillraceError('cancelled', 'The task has ended');
    const wait = () => this.#wait(key, told);
    return this.#slot ? this.#slot.lend(wait) : wait();
  }

  /** Tells the client how far the task is. */
  status(message: string): void {
    const { progress, task, call, logger } = this.#options;
    progress.describe(task, message).catch((error: Error) => {
      logger.warn({ err: error, ...callFields(call) }, 'the status of a task was not told');
    });
  }

  /** Leaves the task to another worker, unless it has ended by now. */
  comeAgain(): void {
    if (this.#end) return;
    this.#end = Promise.resolve();
    this.#again = true;
  }

  /** Resolves when what the call ended with is stored or sent. @returns whether the batch has to come again */
  async ended(): Promise<boolean> {
    await this.#end;
    return this.#again;
  }

  async #decide(): Promise<boolean> {
    this.#isTask = (await this.#options.progress.withdraw(this.#options.task)) !== 'ordinary';
    return this.#isTask;
  }

  async #wait(key: string, told: Promise<JsonObject>): Promise<JsonObject> {
    const found = Promise.withResolvers<JsonObject>();
    const timer = setInterval(() => void this.#look(key, found.resolve), LOOK_MS);
    try {
      return await Promise.race([told, found.promise]);
    } finally {
      clearInterval(timer);
    }
  }

  async #look(key: string, resolve: (answer: JsonObject) => void): Promise<void> {
    const { progress, task, call, logger } = this.#options;
    try {
      const answer = await progress.answerOf(task, key);
      if (answer) resolve(answer);
    } catch (error) {
      logger.warn({ err: error, ...callFields(call) }, 'an answer could not be looked for');
    }
  }

  async #settle(frame: TerminalFrame): Promise<void> {
    const { progress, call, task, retried, reply } = this.#options;
    const failure = retried && call.deadline > Date.now() ? retryableFailure(frame) : undefined;
    if (failure !== undefined && (await progress.standing(task)) === 'working') {
      this.#again = true;
      await progress.describe(task, `To be tried again after: ${failure}`);
    } else if ((await progress.settle(task, frame)) === 'ordinary') {
      reply(frame);
    }
  }
}

interface Failure {
  readonly message?: string;
  readonly retryable?: boolean;
}

/** What an answer says has failed, when it also says that another try may help. */
function retryableFailure({ kind, payload }: TerminalFrame): string | undefined {
  if (kind === 'result' && !payload.includes('"isError":true')) return undefined;
  const answer = JSON.parse(payload) as JsonObject;
  const failure = kind === 'error' ? answer['data'] : (answer['_meta'] as JsonObject)?.[ERROR_META_KEY];
  const { retryable, message } = (failure ?? {}) as Failure;
  return retryable === true ? (message ?? 'a failure') : undefined;
}

function ignore(): void {}
