import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';
import { Script } from './script.ts';
import { hasEnded, type Task, type TaskOutcome } from './task.ts';

const changeTask = new Script('change-task');

/** How much longer than its lifetime a task is kept, so that a worker can still tell that it ran out of time. */
const MARGIN_MS = 60_000;

/** How long it is remembered of a call that it did not become a task, in milliseconds. */
const WITHDRAWN_MS = 60_000;

/** A call that could have become a task answers by itself: it must not become one any more. */
export const WITHDRAWN = 'withdrawn';

/** What stands under the id of a task; undefined when it was not made yet, or is gone. */
export type TaskState = Task | typeof WITHDRAWN | undefined;

export interface TaskChange<T> {
  /** The state to write; the same as before when nothing changes. */
  readonly next: TaskState;
  readonly outcome?: TaskOutcome;
  /** What the one who wants the change gets. */
  readonly returns: T;
}

interface Entry {
  readonly version: string;
  readonly state: TaskState;
  /** JSON text of what the task ended with. */
  readonly outcome?: string;
}

/** All tasks in Redis. Whoever changes one reads it, decides, and writes if it is still what was read. */
export class TaskTable {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #onStatus: ((status: Task['status']) => void) | undefined;

  /** @param onStatus told of each status that a task comes to by a change made here */
  constructor(redis: Redis, keys: Keys, onStatus?: (status: Task['status']) => void) {
    this.#redis = redis;
    this.#keys = keys;
    this.#onStatus = onStatus;
  }

  async read(id: string): Promise<Entry> {
    const [version, state, outcome] = await this.#redis.hmget(
      this.#keys.task(id),
      'version',
      'state',
      'outcome',
    );
    const cipher = cipherOf(this.#redis);
    return {
      version: version ?? '',
      state: state ? (JSON.parse(cipher.open(state, 'task')) as TaskState) : undefined,
      ...(outcome && { outcome: cipher.open(outcome, 'task') }),
    };
  }

  /** @param decide called again when somebody else was faster */
  async change<T>(id: string, decide: (state: TaskState) => TaskChange<T>): Promise<T> {
    const cipher = cipherOf(this.#redis);
    for (;;) {
      const { version, state } = await this.read(id);
      const { next, outcome, returns } = decide(state);
      if (next === state || next === undefined) return returns;
      const written = await changeTask.run(
        this.#redis,
        [this.#keys.task(id)],
        [
          version,
          cipher.seal(JSON.stringify(next), 'task'),
          outcome ? cipher.seal(outcome.payload, 'task') : '',
          timeToLive(state, next),
          version === '' ? '' : this.#keys.events,
          JSON.stringify({ kind: 'task', task: id }),
        ],
      );
      if (written !== 1) continue;
      const status = statusOf(next);
      if (status !== undefined && status !== statusOf(state)) this.#onStatus?.(status);
      return returns;
    }
  }
}

function statusOf(state: TaskState): Task['status'] | undefined {
  return state === undefined || state === WITHDRAWN ? undefined : state.status;
}

/** Set when a task begins and when it ends, and left alone in between. */
function timeToLive(before: TaskState, next: Task | typeof WITHDRAWN): number | '' {
  if (next === WITHDRAWN) return WITHDRAWN_MS;
  if (before === undefined) return next.ttlMs + MARGIN_MS;
  return hasEnded(next) ? next.ttlMs : '';
}
