import {
  type Batch,
  type Call,
  ENVELOPE_VERSION,
  type SealCalls,
  type WireBatch,
  writeBatch,
} from '@millrace/protocol';
import { type Job, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { sealBatch } from './sealed-batch.ts';

/** Failed jobs stay a day for inspection. */
const FAILED_AGE_S = 86_400;

/** Events that BullMQ keeps for dashboards. */
const EVENTS_KEPT = 1_000;

/** The queue of one pool, as its producers see it. */
export class PoolQueue {
  readonly #queue: Queue<WireBatch>;
  readonly #redis: Redis;
  readonly #replyTo: string;
  readonly #seal: SealCalls | undefined;

  /**
   * @param replyTo id of the front door that gets the frames
   * @param seal proves to workers who made the calls; absent where they do not ask
   */
  constructor(redis: Redis, keys: Keys, pool: string, replyTo: string, seal?: SealCalls) {
    this.#redis = redis;
    this.#replyTo = replyTo;
    this.#seal = seal;
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
   * @param options how often, and when, the job is tried again when it fails, never unless given; whether it is next
   */
  async add(
    calls: readonly Call[],
    version: number = ENVELOPE_VERSION,
    options?: Pick<JobsOptions, 'attempts' | 'backoff' | 'lifo'>,
  ): Promise<Job<WireBatch>> {
    const sealed = this.#seal?.(calls) ?? calls;
    const batch = { replyTo: { frontDoor: this.#replyTo, version }, calls: sealed };
    return this.#queue.add(jobName(calls), sealBatch(this.#redis, writeBatch(batch, version)), options);
  }

  /**
   * Puts a batch that a worker had taken before all others, as it was: it has waited for long enough.
   *
   * @param job id of the new job; should there be one, nothing is put
   */
  async putBack(batch: Batch, version: number, job?: string): Promise<void> {
    const options = job === undefined ? { lifo: true } : { lifo: true, jobId: job };
    await this.#queue.add(jobName(batch.calls), sealBatch(this.#redis, writeBatch(batch, version)), options);
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/** It tells how many calls the job holds, to those who count them without reading its data. */
function jobName({ length }: readonly Call[]): string {
  return length === 1 ? '1 call' : `${length} calls`;
}
