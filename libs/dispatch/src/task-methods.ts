import type { TaskStore } from '@millrace/broker';
import {
  isJsonObject,
  type JsonObject,
  MillraceError,
  MODERN_REVISION,
  type ServerInfo,
  stampResult,
} from '@millrace/protocol';
import type { InboundRequest } from './inbound.ts';
import type { Method } from './methods.ts';
import { detailedTask, taskNotification } from './task-view.ts';
import { requireTasks } from './tasks-extension.ts';

/** What reaches the workers that run tasks. */
export interface TaskWorkers {
  /** Tells the pool's workers that the call of a task need not go on. */
  stopWork(pool: string, call: string): void;
  /** Gives a worker an answer that it waits for. */
  answer(answerTo: string, answer: JsonObject): void;
}

export interface TaskMethodsOptions {
  readonly store: TaskStore;
  readonly workers: TaskWorkers;
  readonly serverInfo: ServerInfo;
}

/** The methods of the Tasks extension. Tasks live in Redis, so that any replica serves them. */
export class TaskMethods {
  readonly byName: ReadonlyMap<string, Method> = new Map<string, Method>([
    ['tasks/get', method((request) => this.#get(request))],
    ['tasks/update', method((request) => this.#update(request))],
    ['tasks/cancel', method((request) => this.#cancel(request))],
  ]);
  readonly #options: TaskMethodsOptions;
  /** `tasks/update` and `tasks/cancel` say no more than that they were heard. */
  readonly #heard: string;

  constructor(options: TaskMethodsOptions) {
    this.#options = options;
    this.#heard = JSON.stringify(stampResult({}, 'tasks/update', MODERN_REVISION, options.serverInfo));
  }

  /** `params` of `notifications/tasks` for whoever made the request; undefined when they have no such task. */
  async notification(task: string, { principal }: InboundRequest): Promise<JsonObject | undefined> {
    const found = await this.#options.store.find(task, principal);
    return found && taskNotification(found);
  }

  async #get({ params, principal }: InboundRequest): Promise<string> {
    const found = await this.#options.store.find(idOf(params), principal);
    if (!found) throw unknownTask();
    return detailedTask(found, this.#options.serverInfo);
  }

  async #update({ params, principal }: InboundRequest): Promise<string> {
    const { store, workers } = this.#options;
    const id = idOf(params);
    const responses = params['inputResponses'];
    if (!isJsonObject(responses)) throw wrong('inputResponses', 'an object');
    const answers = await store.answer(id, principal, responses);
    if (!answers) throw unknownTask();
    for (const { answerTo, answer } of answers) workers.answer(answerTo, answer);
    return this.#heard;
  }

  async #cancel({ params, principal }: InboundRequest): Promise<string> {
    const { store, workers } = this.#options;
    const cancelled = await store.cancel(idOf(params), principal);
    if (!cancelled) throw unknownTask();
    if (cancelled.stop) workers.stopWork(cancelled.task.pool, cancelled.task.call);
    return this.#heard;
  }
}

function method(answerOf: (request: InboundRequest) => Promise<string>): Method {
  return {
    era: 'modern',
    handle: async (request, answer) => {
      requireTasks(request);
      answer.result(await answerOf(request));
    },
  };
}

function idOf({ taskId }: JsonObject): string {
  if (typeof taskId === 'string') return taskId;
  throw wrong('taskId', 'a string');
}

/** A task that expired and one of somebody else look the same as one that never was. */
function unknownTask(): MillraceError {
  return new MillraceError('invalid_params', 'Task not found: it may have expired', {
    details: { field: 'taskId' },
  });
}

function wrong(field: string, expected: string): MillraceError {
  return new MillraceError('invalid_params', `${field}: expected ${expected}`, { details: { field } });
}
