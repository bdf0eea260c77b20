import {
  type Batch,
  type MillraceError,
  readBatch,
  toMillraceError,
  type WireBatch,
} from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import { DelayedError, type Job, UnrecoverableError, type Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { Bag } from './bag.ts';
import { isReconnecting, newBullWorker, wake, whenConnected } from './bull-worker.ts';
import { type Delivery, TryAgain } from './delivery.ts';
import type { IntakeOptions } from './intake-options.ts';
import { attemptOf, backoffOf, deathsOf } from './job-history.ts';
import { type HeldLock, type Lock, Locks } from './locks.ts';
import { PoolQueue } from './pool-queue.ts';
import { connectPatient, disconnect, whenReady } from './redis.ts';
import { openBatch } from './sealed-batch.ts';
import { workWithoutMemory } from './work-without-memory.ts';

/** Deaths of workers after which a batch is given up, unless told otherwise. */
const MAX_DEATHS = 3;

/** Deaths from which on a batch is run with no other of its kind beside it: then it is known which of them kills. */
const SUSPECT_DEATHS = 2;

/** How long a suspect is left to others while another one runs here, in milliseconds. */
const SUSPECT_DELAY_MS = 200;

const TOO_DEADLY = 'each worker that had it was lost';

/** How long a batch of a version that this worker cannot read is left to others before it is tried again. */
const HAND_BACK_DELAY_MS = 100;

/** Age at which a batch that nobody could read is given up. */
const HANDED_BACK_FOR_MS = 60_000;

/** Takes batches of one pool from its queue, only while there are free slots to run their calls. */
export class Intake implements Service {
  readonly #options: IntakeOptions;
  readonly #redis: Redis;
  readonly #logger: Logger;
  #worker: Worker<WireBatch> | undefined;
  /** Made when something is put back. */
  #queue: PoolQueue | undefined;
  /** The batches that are worked on. */
  readonly #active = new Bag<Promise<void>>();
  /** Whether there was no free slot when it was last told. */
  #full = false;
  readonly #putOffs = new Set<NodeJS.Timeout>();
  readonly #locks: Locks;
  /** Whether a batch runs that was with workers when they died, more than once. */
  #suspected = false;
  #stopped = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#redis = connectPatient(options.source, `intake:${options.pool}`);
    this.#locks = new Locks({
      lockMs: options.lockMs,
      extend: async (jobs, tokens, lockMs) => this.#worker?.extendJobLocks(jobs, tokens, lockMs) ?? [],
      logger: this.#logger,
    });
  }

  async start(): Promise<void> {
    this.#locks.start();
    while (!this.#worker && !this.#stopped) {
      await whenReady(this.#redis);
      this.#worker = await whenConnected(this.#newWorker(), this.#logger);
    }
    workWithoutMemory(this.#redis);
    this.#worker?.run().catch((error: Error) => this.#logger.error({ err: error }, 'the intake has ended'));
  }

  #newWorker(): Worker<WireBatch> {
    const { keys, pool, lockMs } = this.#options;
    const worker = newBullWorker({ redis: this.#redis, keys, pool, lockMs }, (job, token) =>
      this.#process(job, token),
    );
    worker.on('error', (error) => this.#logger.debug({ err: error, pool }, 'intake'));
    worker.on('failed', (job, error) => void this.#failed(job, error));
    worker.on('stalled', (job) => {
      this.#logger.warn({ job, pool }, 'a batch was taken from a lost worker');
      this.#options.onStalled?.();
    });
    return worker;
  }

  /** Takes nothing new from now on. */
  async quiet(): Promise<void> {
    await this.#worker?.pause(true);
  }

  /** Takes work again after `quiet`. */
  resume(): void {
    this.#worker?.resume();
  }

  /** Takes nothing new, and resolves when what was taken has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#worker) await this.#close(this.#worker);
    this.#worker = undefined;
    this.#locks.stop();
    for (const timer of this.#putOffs) clearTimeout(timer);
    disconnect(this.#redis);
  }

  /** BullMQ would wait for ever when it is told to close between two attempts to reach a Redis that is away. */
  async #close(worker: Worker<WireBatch>): Promise<void> {
    const away = await isReconnecting(worker);
    if (away) {
      await worker.pause(true);
      while (this.#active.size > 0) await Promise.allSettled(this.#active);
    }
    await worker.close(away);
  }

  /** Whether it takes batches at this moment, as soon as slots are free. */
  get consuming(): boolean {
    return this.#worker?.isRunning() === true && !this.#worker.isPaused();
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
      batch = readBatch(openBatch(this.#redis, job.data), this.#options.envelope);
    } catch (error) {
      return this.#handBack(job, token, toMillraceError(error));
    }
    const deaths = deathsOf(job, batch);
    if (deaths >= (this.#options.maxDeaths ?? MAX_DEATHS)) return this.#giveUp(job, batch, TOO_DEADLY);
    if (deaths >= SUSPECT_DEATHS) return this.#workOnSuspect(job, token, batch);
    return this.#work(job, token, batch);
  }

  /** Among several that were with workers when they died, only one may be the reason: they run one after the other. */
  async #workOnSuspect(job: Job<WireBatch>, token: string | undefined, batch: Batch): Promise<void> {
    if (this.#suspected) {
      return this.#putOff(job, token, SUSPECT_DELAY_MS, new Error('another suspect runs here'));
    }
    this.#suspected = true;
    try {
      await this.#work(job, token, batch);
    } finally {
      this.#suspected = false;
    }
  }

  async #work(job: Job<WireBatch>, token = '', batch: Batch): Promise<void> {
    const now = Date.now();
    const ageMs = Math.max(0, now - (job.processedOn ?? 0));
    this.#options.onTaken?.(Math.max(0, now - job.timestamp), batch.calls.length);
    const lock = this.#locks.hold(String(job.id), token, ageMs);
    const delivery = this.#deliveryOf(job, batch, lock);
    const work = this.#begin(delivery, lock, ageMs);
    this.#active.add(work);
    this.adjust();
    try {
      await work;
      if (lock.lost) throw leftToOthers();
    } catch (error) {
      if (lock.lost) throw leftToOthers();
      if (error instanceof TryAgain) await this.#tryAgain(job, token, error);
      throw error;
    } finally {
      this.#locks.release(lock);
      this.#active.delete(work);
      this.adjust();
    }
  }

  /** Work begins at once, in the same turn: only then does BullMQ hear in time that it may take more. */
  #begin(delivery: Delivery, lock: HeldLock, ageMs: number): Promise<void> {
    const { lockMs, onDelivery } = this.#options;
    return ageMs < lockMs ? onDelivery(delivery) : this.#beginLate(delivery, lock);
  }

  /** This process may have stood still, or been cut off, between asking for the batch and getting it. */
  async #beginLate(delivery: Delivery, lock: HeldLock): Promise<void> {
    await this.#locks.confirm(lock);
    if (!lock.lost) await this.#options.onDelivery(delivery);
  }

  #deliveryOf(job: Job<WireBatch>, batch: Batch, lock: Lock): Delivery {
    const deaths = deathsOf(job, batch);
    const { v } = job.data;
    return {
      job: this.#nameOf(job),
      pool: this.#options.pool,
      batch,
      redelivered: job.stalledCounter > 0,
      deaths,
      retried: attemptOf(job) < (job.opts.attempts ?? 1),
      lock,
      putBack: (call) => this.#putBack({ ...batch, calls: [call] }, v),
      sendApart: (call) => this.#putBack({ ...batch, calls: [call], deaths }, v, `apart-${call.id}`),
    };
  }

  #nameOf({ id }: Job<WireBatch>): string {
    return `${this.#options.pool}.${id}`;
  }

  async #putBack(batch: Batch, version: number, job?: string): Promise<void> {
    const { keys, pool, apart } = this.#options;
    this.#queue ??= new PoolQueue(this.#redis, keys, pool, batch.replyTo.frontDoor);
    const calls = batch.calls.map((call) => apart?.(call) ?? call);
    await this.#queue.putBack({ ...batch, calls }, version, job);
  }

  async #giveUp(job: Job<WireBatch>, batch: Batch, reason: string): Promise<void> {
    const deaths = deathsOf(job, batch);
    this.#logger.error({ job: job.id, pool: this.#options.pool, deaths, reason }, 'a batch is given up');
    await this.#options.onAbandoned?.({ job: this.#nameOf(job), batch, deaths, reason });
  }

  async #tryAgain(job: Job<WireBatch>, token: string | undefined, error: TryAgain): Promise<never> {
    const delay = backoffOf(job);
    this.#logger.warn({ err: error, job: job.id, delay }, 'a batch is tried again');
    return this.#putOff(job, token, delay, error);
  }

  async #failed(job: Job<WireBatch> | undefined, error: Error): Promise<void> {
    const { pool, envelope } = this.#options;
    this.#logger.error({ err: error, job: job?.id, pool }, 'a batch failed');
    try {
      if (job) await this.#giveUp(job, readBatch(openBatch(this.#redis, job.data), envelope), error.message);
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

/** BullMQ then leaves the job as it is: whoever finds that its lock has run out takes it. */
function leftToOthers(): DelayedError {
  return new DelayedError('the lock of the batch was lost');
}
