import {
  AnswerSender,
  connectFailFast,
  type Dispatcher,
  disconnect,
  type Keys,
  type RedisSource,
  TaskQueue,
  type TaskStatus,
  TaskStore,
  TaskTable,
  whenReady,
} from '@millrace/broker';
import type { JsonObject, SealCalls, ServerInfo } from '@millrace/protocol';
import type { Service } from '@millrace/service';
import { TaskCalls } from './task-calls.ts';
import { TaskMethods } from './task-methods.ts';

/** Settings of tasks, times in milliseconds. */
export interface TaskSettings {
  /** How long a task may take, and then how long its outcome is kept. */
  readonly taskTtlMs: number;
  /** How often clients should ask for a task. */
  readonly taskPollMs: number;
  /** How often a task is tried whose failures say that another try may help. */
  readonly taskAttempts: number;
  /** Before the second attempt; doubled for each further one. */
  readonly taskBackoffMs: number;
}

export interface TasksOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly frontDoor: string;
  readonly dispatcher: Dispatcher;
  /** Version of the envelope that all live workers of a pool read. */
  readonly envelopeOf: (pool: string) => number;
  readonly serverInfo: ServerInfo;
  readonly settings: TaskSettings;
  /** Proves to workers who made the calls; absent where they do not ask. */
  readonly seal?: SealCalls | undefined;
  /** Told of each status that a task comes to by what is done here. */
  readonly onStatus?: (status: TaskStatus) => void;
}

/** The Tasks extension of one front door: makes tasks, and serves those of all front doors. */
export class Tasks implements Service {
  readonly calls: TaskCalls;
  readonly methods: TaskMethods;
  readonly #redis: ReturnType<typeof connectFailFast>;

  constructor(options: TasksOptions) {
    const { source, keys, frontDoor, dispatcher, envelopeOf, serverInfo, settings, seal } = options;
    const { logger } = source;
    const { taskTtlMs, taskPollMs, taskAttempts, taskBackoffMs } = settings;
    const redis = connectFailFast(source, 'tasks');
    this.#redis = redis;
    const store = new TaskStore(new TaskTable(redis, keys, options.onStatus));
    const retries = { attempts: taskAttempts, backoffMs: taskBackoffMs };
    const queue = new TaskQueue({ redis, keys, logger, frontDoor, seal, ...retries });
    const sender = new AnswerSender(redis, keys);
    const answer = (id: string, result: JsonObject) => {
      // The worker finds it in the store too, only later.
      const failed = (error: Error) => logger.warn({ err: error, id }, 'a worker was not told of an answer');
      sender.send({ id, result }).catch(failed);
    };
    const workers = { answer, stopWork: queue.stopWork.bind(queue) };
    this.methods = new TaskMethods({ store, workers, serverInfo });
    this.calls = new TaskCalls({
      store,
      queue,
      dispatcher,
      serverInfo,
      ttlMs: taskTtlMs,
      pollIntervalMs: taskPollMs,
      envelopeOf,
      logger,
    });
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
  }

  async stop(): Promise<void> {
    disconnect(this.#redis);
  }
}
