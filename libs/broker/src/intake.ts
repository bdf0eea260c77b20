import {
  type Batch,
  type Call,
  type MillraceError,
  readBatch,
  toMillraceError,
  type WireBatch,
} from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { PoolQueue } from './pool-queue.ts';
import { connectPatient, disconnect, type RedisSource, whenReady } from './redis.ts';

/** One batch as a worker took it from the queue. */
export interface Delivery {
  /** Id of the job, unique among all pools; the same at every delivery. */
  readonly job: string;
  readonly batch: Batch;
  /** Whether another worker had this batch before and was lost. */
  readonly redelivered: boolean;
  /** Whether the batch comes again when work on it fails now. */
  readonly retried: boolean;
  /** Puts one of the calls back on the queue, because it could not be begun here. */
  readonly putBack: (call: Call) => Promise<void>;
}

export interface IntakeOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly pool: string;
  /** How long a silent worker keeps its batches, in milliseconds; then others take them. */
  readonly lockMs: number;
  /** Free slots of the process at this moment. */
  readonly freeSlots: () => number;
  /** Works on a batch until each of its calls is answered. Rejects with `TryAgain` for it to come again. */
  readonly onDelivery: (delivery: Delivery) => Promise<void>;
  /** Told of a batch that nobody will take again: its workers died too often, or could not read it. */
  readonly onAbandoned?: (batch: Batch) => Promise<void>;
  /** Newest version of the envelope that is read; this release's own unless given. */
  readonly envelope?: number;
}

/** Deaths of workers that a batch may survive. */
const MAX_DELIVERIES = 5;

/** How often an idle worker asks by itself, in seconds, should it have missed that there is work. */
const IDLE_POLL_S = 5;

/** How long a batch of a version that this worker cannot read is left to others before it is tried again. */
const HAND_BACK_DELAY_MS = 100;

/** Age at which a batch that nobody could read is given up. */
const HANDED_BACK_FOR_MS = 60_000;

/** How long BullMQ waits after it lost Redis before it tries again, in milliseconds. */
const RETRY_DELAY_MS = 200;

/** What work on a batch rejects with when it has to come again, after its back-off. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
}

/** Takes batches of one pool from its queue, only while there are free slots to run their calls. */
export class Intake implements Service {
  readonly #options: IntakeOptions;
  readonly #redis: Redis;
  readonly #logger: Logger;
  #worker: Worker<WireBatch> | undefined;
  /** Made when something is put back. */
  #queue: PoolQueue | undefined;
  /** The batches that are worked on. */
  readonly #active = new Map<Delivery, Promise<void>>();
  /** Whether there was no free slot when it was last told. */
  #full = false;
  readonly #putOffs = new Set<NodeJS.Timeout>();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#redis = connectPatient(options.source, `intake:${options.pool}`);
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
    const { keys, pool, lockMs } = this.#options;
    this.#worker = new Worker<WireBatch>(keys.queue(pool), (job, token) => this.#process(job, token), {
      connection: this.#redis,
      prefix: keys.prefix,
      concurrency: 1,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      maxStalledCount: MAX_DELIVERIES,
      drainDelay: IDLE_POLL_S,
      runRetryDelay: RETRY_DELAY_MS,
    });
    this.#worker.on('error', (error) => this.#logger.debug({ err: error, pool }, 'intake'));
    this.#worker.on('failed', (job, error) => void this.#failed(job, error));
    this.#worker.on('stalled', (job) =>
      this.#logger.warn({ job, pool }, 'a batch was taken from a lost worker'),
    );
    await this.#worker.waitUntilReady();
  }

  /** Takes nothing new from now on. */
  async quiet(): Promise<void> {
    await this.#worker?.pause(true);
  }

  /** Takes nothing new, and resolves when what was taken has ended. */
  async stop(): Promise<void> {
    if (this.#worker) await this.#close(this.#worker);
    this.#worker = undefined;
    for (const timer of this.#putOffs) clearTimeout(timer);
    disconnect(this.#redis);
  }

  /** BullMQ would wait for ever when it is told to close between two attempts to reach a Redis that is away. */
  async #close(worker: Worker<WireBatch>): Promise<void> {
    const away = await isReconnecting(worker);
    if (away) {
      await worker.pause(true);
      while (this.#active.size > 0) await Promise.allSettled(this.#active.values());
    }
    await worker.close(away);
  }

  /** Tells that slots became free or were taken. */
  adjust(): void {
    if (!this.#worker) return;
    const full = this.#options.freeSlots() <= 0;
    // BullMQ takes a further job only below its concurrency: one more than there are, as long as a slot is free.
    this.#worker.concurrency = Math.max(1, this.#active.size + (full ? 0 : 1));
    if (this.#full && !full) wake(this.#worker);
    this.#full = full;
  }

  async #process(job: Job<WireBatch>, token: string | undefined): Promise<void> {
    let batch: Batch;
    try {
      batch = readBatch(job.data, this.#options.envelope);
    } catch (error) {
      return this.#handBack(job, token, toMillraceError(error));
    }
    const delivery = {
      job: `${this.#options.pool}.${job.id}`,
      batch,
      redelivered: job.stalledCounter > 0,
      retried: attemptOf(job) < (job.opts.attempts ?? 1),
      putBack: (call: Call) => this.#putBack({ ...batch, calls: [call] }, job.data.v),
    };
    const work = this.#options.onDelivery(delivery);
    this.#active.set(delivery, work);
    this.adjust();
    try {
      await work;
    } catch (error) {
      if (error instanceof TryAgain) await this.#tryAgain(job, token, error);
      throw error;
    } finally {
      this.#active.delete(delivery);
      this.adjust();
    }
  }

  async #putBack(batch: Batch, version: number): Promise<void> {
    const { keys, pool } = this.#options;
    this.#queue ??= new PoolQueue(this.#redis, keys, pool, batch.replyTo.frontDoor);
    await this.#queue.putBack(batch, version);
  }

  async #tryAgain(job: Job<WireBatch>, token: string | undefined, error: TryAgain): Promise<never> {
    const delay = backoffOf(job);
    this.#logger.warn({ err: error, job: job.id, delay }, 'a batch is tried again');
    return this.#putOff(job, token, delay, error);
  }

  async #failed(job: Job<WireBatch> | undefined, error: Error): Promise<void> {
    const { pool, envelope, onAbandoned } = this.#options;
    this.#logger.error({ err: error, job: job?.id, pool }, 'a batch failed');
    try {
      if (job) await onAbandoned?.(readBatch(job.data, envelope));
    } catch (cause) {
      this.#logger.error({ err: cause, job: job?.id, pool }, 'a failed batch was left as it is');
    }
  }

  /**
   * A batch may be newer than what all workers announced when it was sent, because an older one came since: then the
   * others of the pool take it. One that nobody took for a while is given up.
   */
  async #handBack(job: Job<WireBatch>, token: string | undefined, error: MillraceError): Promise<void> {
    if (Date.now() - job.timestamp > HANDED_BACK_FOR_MS) throw new UnrecoverableError(error.message);
    this.#logger.warn({ err: error, job: job.id }, 'a batch is left to newer workers');
    return this.#putOff(job, token, HAND_BACK_DELAY_MS, error);
  }

  /**
   * Leaves a batch until later. BullMQ may forget when to wake up for it, and would then look after its idle time only,
   * so the batch is also called by a timer here; should this worker be gone by then, that is no more than late.
   */
  async #putOff(job: Job<WireBatch>, token: string | undefined, delay: number, error: Error): Promise<never> {
    await job.moveToDelayed(Date.now() + delay, token);
    const timer = setTimeout(() => {
      this.#putOffs.delete(timer);
      // Somebody else may have seen to it.
      job.promote().catch((cause: Error) => this.#logger.debug({ err: cause, job: job.id }, 'not called'));
    }, delay);
    this.#putOffs.add(timer);
    throw new DelayedError(error.message);
  }
}

/** Which attempt this is, from 1. A batch that was taken from a lost worker had no say in it. */
function attemptOf({ attemptsStarted, stalledCounter }: Job<WireBatch>): number {
  return attemptsStarted - stalledCounter;
}

function backoffOf(job: Job<WireBatch>): number {
  const { backoff } = job.opts;
  const first = typeof backoff === 'object' ? (backoff.delay ?? 0) : (backoff ?? 0);
  return first * 2 ** (attemptOf(job) - 1);
}

/**
 * BullMQ looks at its concurrency when a job ends. A slow call must not keep the other slots of its batch idle until
 * then, so its loop is given an end of nothing to look at; a test of the intake watches that it understands.
 */
function wake(worker: Worker<WireBatch>): void {
  const { mainLoopQueue } = worker as unknown as {
    mainLoopQueue: { add(job: Promise<undefined>): void } | null;
  };
  mainLoopQueue?.add(Promise.resolve(undefined));
}

/** Whether the connection on which BullMQ waits for jobs is lost, and the next attempt to restore it is to come. */
async function isReconnecting({ backend }: Worker<WireBatch>): Promise<boolean> {
  const client = await backend.blockingClient;
  return client?.status === 'reconnecting';
}
