import { type Batch, type Call, ENVELOPE_VERSION, type WireBatch, writeBatch } from '@millrace/protocol';
import { type Job, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** Failed jobs stay a day for inspection. */
const FAILED_AGE_S = 86_400;

/** Events that BullMQ keeps for dashboards. */
const EVENTS_KEPT = 1_000;

/** The queue of one pool, as its producers see it. */
export class PoolQueue {
  readonly #queue: Queue<WireBatch>;
  readonly #replyTo: string;

  /** @param replyTo id of the front door that gets the frames */
  constructor(redis: Redis, keys: Keys, pool: string, replyTo: string) {
    this.#replyTo = replyTo;
    this.#queue = new Queue<WireBatch>(keys.queue(pool), {
      connection: redis,
      prefix: keys.prefix,
      streams: { events: { maxLen: EVENTS_KEPT } },
      // Both, so that a queue that is first used while Redis is away works once it is back: BullMQ never tries again.
      skipWaitingForReady: true,
      skipVersionCheck: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: { age: FAILED_AGE_S } },
    });
    // The connection's own listener reports outages.
    this.#queue.on('error', () => undefined);
  }

  /**
   * Puts calls on the queue as one job.
   *
   * @param version of the envelope that the pool's workers can read; that of the answers too
   * @param retries how often, and when, the job is tried again when it fails; never unless given
   */
  async add(
    calls: readonly Call[],
    version: number = ENVELOPE_VERSION,
    retries?: Pick<JobsOptions, 'attempts' | 'backoff'>,
  ): Promise<Job<WireBatch>> {
    const batch = { replyTo: { frontDoor: this.#replyTo, version }, calls };
    return this.#queue.add('batch', writeBatch(batch, version), retries);
  }

  /** Puts a batch that a worker had taken before all others, as it was: it has waited for long enough. */
  async putBack(batch: Batch, version: number): Promise<void> {
    await this.#queue.add('batch', writeBatch(batch, version), { lifo: true });
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
