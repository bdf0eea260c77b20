import { randomUUID } from 'node:crypto';
import type { Dispatch, Dispatcher, TaskPlan, TaskQueue, TaskStore } from '@millrace/broker';
import type { ServerInfo, TaskMode } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { Answer } from './answer.ts';
import type { InboundRequest } from './inbound.ts';
import { Promotion } from './promotion.ts';
import { createdTask } from './task-view.ts';
import { declaresTasks, requireTasks } from './tasks-extension.ts';

/** The first version of the envelope whose workers run tasks. */
const TASKS_ENVELOPE = 2;

export interface TaskCallsOptions {
  readonly store: TaskStore;
  readonly queue: TaskQueue;
  readonly dispatcher: Dispatcher;
  readonly serverInfo: ServerInfo;
  /** How long a task may take, and then how long its outcome is kept, in milliseconds. */
  readonly ttlMs: number;
  /** How often clients should ask for a task, in milliseconds. */
  readonly pollIntervalMs: number;
  /** Version of the envelope that all live workers of a pool read. */
  readonly envelopeOf: (pool: string) => number;
  readonly logger: Logger;
}

/** How a tool takes to tasks. */
export interface TaskRoute {
  readonly mode: TaskMode;
  readonly promoteAfterMs?: number;
  readonly timeoutMs?: number;
}

/** Runs calls as tasks, where their tools have it so and their clients take it. */
export class TaskCalls {
  readonly #options: TaskCallsOptions;

  constructor(options: TaskCallsOptions) {
    this.#options = options;
  }

  /**
   * Takes a call on as a task, or as one that may become a task.
   *
   * @returns undefined when it is to be made as an ordinary call; else a promise that ends when it is on its way
   * @throws MillraceError `missing_capability` when its tool runs as a task alone and the client takes none
   */
  begin(
    request: InboundRequest,
    route: TaskRoute,
    dispatch: Dispatch,
    answer: Answer,
  ): Promise<void> | undefined {
    if (route.mode === 'required') requireTasks(request);
    if (route.mode === 'never' || !declaresTasks(request)) return undefined;
    if (this.#options.envelopeOf(dispatch.pool) < TASKS_ENVELOPE) return undefined;
    const plan = this.#plan(request, route, dispatch);
    const call = { ...dispatch.call, task: plan.id, deadline: Date.now() + plan.ttlMs };
    if (route.promoteAfterMs === undefined) return this.#create(plan, { ...dispatch, call }, answer);
    const { deadline } = dispatch.call;
    this.#promotion(plan, route.promoteAfterMs, deadline, answer).begin({ ...dispatch, call });
    return Promise.resolve();
  }

  #plan({ principal }: InboundRequest, { timeoutMs = 0 }: TaskRoute, { call, pool }: Dispatch): TaskPlan {
    const { ttlMs, pollIntervalMs } = this.#options;
    return {
      id: randomUUID(),
      principal,
      call: call.id,
      pool,
      ttlMs: Math.max(ttlMs, timeoutMs),
      pollIntervalMs,
    };
  }

  /** The client gets its handle when the task is in the store and on its queue, so that it is found and will run. */
  async #create(plan: TaskPlan, { call, pool, idempotent }: Dispatch, answer: Answer): Promise<void> {
    const { store, queue, serverInfo } = this.#options;
    const task = await store.create(plan);
    if (!task) throw new Error(`the id of task ${plan.id} was taken`);
    try {
      await queue.add(call, pool, idempotent);
    } catch (error) {
      await this.#discard(plan);
      throw error;
    }
    answer.result(createdTask(task, serverInfo));
  }

  /** Should the task be on its queue after all, it is not begun. */
  async #discard({ id, principal }: TaskPlan): Promise<void> {
    try {
      await this.#options.store.cancel(id, principal);
    } catch (error) {
      this.#options.logger.warn({ err: error, task: id }, 'a task that nobody knows of was left as it is');
    }
  }

  /** @param deadline of the call as long as it is no task, milliseconds since the epoch */
  #promotion(plan: TaskPlan, afterMs: number, deadline: number, answer: Answer): Promotion {
    const { store, queue, dispatcher, serverInfo, logger } = this.#options;
    return new Promotion({
      plan,
      afterMs,
      limitMs: deadline - Date.now(),
      answer,
      handle: (task) => createdTask(task, serverInfo),
      store,
      queue,
      dispatcher,
      logger,
    });
  }
}
