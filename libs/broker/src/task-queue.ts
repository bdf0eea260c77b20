import { type Call, MillraceError, type SealCalls } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { Redis } from 'ioredis';
import { CancellationSender } from './cancellations.ts';
import type { Keys } from './keys.ts';
import { PoolQueue } from './pool-queue.ts';
import { redisRefused } from './redis-failure.ts';

/** What a client is told to wait before it tries again while Redis is away, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

export interface TaskQueueOptions {
  /** Connection to put tasks on their queues with. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly logger: Logger;
  /** Id of this front door. */
  readonly frontDoor: string;
  /** How often a task that may run twice is tried, when its failures say that another try may help. */
  readonly attempts: number;
  /** Before the second attempt, in milliseconds; doubled for each further one. */
  readonly backoffMs: number;
  /** Proves to workers who made the calls; absent where they do not ask. */
  readonly seal?: SealCalls | undefined;
}

/** The way of tasks to the workers: each is a job of its own, which stays on the queue until its outcome is stored. */
export class TaskQueue {
  readonly #options: TaskQueueOptions;
  readonly #cancellations: CancellationSender;
  readonly #pools = new Map<string, PoolQueue>();

  constructor(options: TaskQueueOptions) {
    this.#options = options;
    this.#cancellations = new CancellationSender(options.redis, options.keys, options.logger);
  }

  /**
   * @param idempotent whether it does no harm when the call runs twice
   * @throws MillraceError when it is not sure that the task is on its queue
   */
  async add(call: Call, pool: string, idempotent: boolean): Promise<void> {
    const { attempts, backoffMs } = this.#options;
    const retries = { attempts, backoff: { type: 'exponential', delay: backoffMs } };
    try {
      await this.#pool(pool).add([call], undefined, idempotent ? retries : undefined);
    } catch (cause) {
      throw notQueued(idempotent, cause);
    }
  }

  /** Tells the workers that the call of a task need not go on. */
  stopWork(pool: string, call: string): void {
    this.#cancellations.send(pool, call);
  }

  #pool(name: string): PoolQueue {
    const { redis, keys, frontDoor, seal } = this.#options;
    const pool = this.#pools.get(name) ?? new PoolQueue(redis, keys, name, frontDoor, seal);
    this.#pools.set(name, pool);
    return pool;
  }
}

/** The connection may have broken while the task was added: whether it arrived cannot be known then. */
function notQueued(idempotent: boolean, cause: unknown): MillraceError {
  if (idempotent || redisRefused(cause)) {
    return new MillraceError('broker_unavailable', 'Redis cannot be reached', {
      cause,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  return new MillraceError(
    'outcome_unknown',
    'Redis was lost while the task was put on the queue: it is not known whether it will run',
    { cause },
  );
}
