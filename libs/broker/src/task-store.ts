import type { JsonObject, Principal } from '@millrace/protocol';
import {
  answerQuestions,
  beginTask,
  cancelTask,
  hasEnded,
  type Task,
  type TaskAnswer,
  type TaskPlan,
} from './task.ts';
import { type TaskState, type TaskTable, WITHDRAWN } from './task-table.ts';

/** A task with what it ended with. */
export interface FoundTask {
  readonly task: Task;
  /** JSON text of the result or error, once there is one. */
  readonly outcome?: string;
}

/**
 * The tasks as front doors see them. A task belongs to the principal that made the call: to everybody else it is
 * unknown.
 */
export class TaskStore {
  readonly #table: TaskTable;

  constructor(table: TaskTable) {
    this.#table = table;
  }

  /**
   * Makes a task. Once this has resolved, every front door finds it.
   *
   * @returns undefined when the call has already said that it answers by itself
   */
  async create(plan: TaskPlan, now: number = Date.now()): Promise<Task | undefined> {
    const task = beginTask(plan, now);
    return this.#table.change(plan.id, (state) =>
      state === undefined ? { next: task, returns: task } : { next: state, returns: undefined },
    );
  }

  async find(id: string, principal: Principal): Promise<FoundTask | undefined> {
    const { state, outcome } = await this.#table.read(id);
    const task = ownedBy(principal, state);
    return task && { task, ...(outcome !== undefined && { outcome }) };
  }

  /**
   * Takes the client's answers to questions of the task; those to anything else are ignored.
   *
   * @returns the answers that its worker waits for, or undefined when there is no such task
   */
  async answer(
    id: string,
    principal: Principal,
    responses: JsonObject,
    now: number = Date.now(),
  ): Promise<readonly TaskAnswer[] | undefined> {
    return this.#table.change(id, (state) => {
      const task = ownedBy(principal, state);
      if (!task) return { next: state, returns: undefined };
      const [next, returns] = answerQuestions(task, responses, now);
      return { next, returns };
    });
  }

  /**
   * Ends a task that has not ended yet.
   *
   * @returns the task, and whether its work is to be stopped; undefined when there is no such task
   */
  async cancel(
    id: string,
    principal: Principal,
    now: number = Date.now(),
  ): Promise<{ readonly task: Task; readonly stop: boolean } | undefined> {
    return this.#table.change(id, (state) => {
      const task = ownedBy(principal, state);
      if (!task) return { next: state, returns: undefined };
      return { next: cancelTask(task, now), returns: { task, stop: !hasEnded(task) } };
    });
  }
}

function ownedBy({ id, tenant }: Principal, state: TaskState): Task | undefined {
  if (state === undefined || state === WITHDRAWN) return undefined;
  return state.principal.id === id && state.principal.tenant === tenant ? state : undefined;
}
