import type { JsonObject } from '@millrace/protocol';
import {
  askQuestion,
  describeProgress,
  hasEnded,
  type OpenQuestion,
  settleTask,
  type TaskOutcome,
} from './task.ts';
import { type TaskState, type TaskTable, WITHDRAWN } from './task-table.ts';

/** What a call is at this moment: a task at work, one that has ended, or (still) an ordinary call. */
export type TaskStanding = 'working' | 'ended' | 'ordinary';

/** What becomes of a question: its answer is there, or awaited, or the task has no use for it any more. */
export type Asked =
  | { readonly kind: 'answered'; readonly answer: JsonObject }
  | { readonly kind: 'waiting' | 'ended' };

/** The tasks as their workers see them. */
export class TaskProgress {
  readonly #table: TaskTable;

  constructor(table: TaskTable) {
    this.#table = table;
  }

  async standing(id: string): Promise<TaskStanding> {
    return standingOf((await this.#table.read(id)).state);
  }

  /** The answer to a question of the task, if it is there. */
  async answerOf(id: string, key: string): Promise<JsonObject | undefined> {
    return answerIn((await this.#table.read(id)).state, key);
  }

  /**
   * Keeps a call that is no task from becoming one.
   *
   * @returns what it is from now on
   */
  async withdraw(id: string): Promise<TaskStanding> {
    return this.#table.change(id, (state) => ({
      next: isTask(state) ? state : WITHDRAWN,
      returns: standingOf(state),
    }));
  }

  /** Puts a question to the client of the task, unless it was answered before. */
  async ask(id: string, key: string, question: OpenQuestion, now: number = Date.now()): Promise<Asked> {
    return this.#table.change<Asked>(id, (state) => {
      if (!isTask(state) || hasEnded(state)) return { next: state, returns: { kind: 'ended' } };
      const answer = answerIn(state, key);
      if (answer) return { next: state, returns: { kind: 'answered', answer } };
      return { next: askQuestion(state, key, question, now), returns: { kind: 'waiting' } };
    });
  }

  /** Tells the client how far the task is; does nothing for a call that is no task. */
  async describe(id: string, message: string, now: number = Date.now()): Promise<void> {
    await this.#table.change(id, (state) => ({
      next: isTask(state) ? describeProgress(state, message, now) : state,
      returns: undefined,
    }));
  }

  /**
   * Ends the task with what its call ended with. A call that is no task answers by itself, and is from now on kept
   * from becoming one.
   *
   * @returns what the call was until now
   */
  async settle(id: string, outcome: TaskOutcome, now: number = Date.now()): Promise<TaskStanding> {
    return this.#table.change(id, (state) => {
      const returns = standingOf(state);
      if (!isTask(state)) return { next: WITHDRAWN, returns };
      return { next: settleTask(state, outcome, now), outcome, returns };
    });
  }
}

function isTask(state: TaskState): state is Exclude<TaskState, undefined | typeof WITHDRAWN> {
  return state !== undefined && state !== WITHDRAWN;
}

function standingOf(state: TaskState): TaskStanding {
  if (!isTask(state)) return 'ordinary';
  return hasEnded(state) ? 'ended' : 'working';
}

function answerIn(state: TaskState, key: string): JsonObject | undefined {
  return isTask(state) && Object.hasOwn(state.answers, key) ? state.answers[key] : undefined;
}
