import { setTimeout as pause } from 'node:timers/promises';
import type { WireBatch } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { DEFAULT_PULSE, keepPulse } from './pulse.ts';

export interface BullWorkerOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly pool: string;
  readonly lockMs: number;
}

/** BullMQ counts lost workers too, but would give a batch up without telling anybody: so it never does. */
const NEVER = 1_000_000;

/** Looks for lost batches during the life of a lock: what it takes longer to find one than the lock lasts. */
const LOOKS = 8;

/** How often an idle worker asks by itself, in seconds, should it have missed that there is work. */
const IDLE_POLL_S = 5;

/** How long BullMQ waits after it lost Redis before it tries again, in milliseconds. */
const RETRY_DELAY_MS = 200;

/** A BullMQ worker as an intake wants it. It takes nothing before it is told to run. */
export function newBullWorker(
  { redis, keys, pool, lockMs }: BullWorkerOptions,
  process: (job: Job<WireBatch>, token: string | undefined) => Promise<void>,
): Worker<WireBatch> {
  return new Worker<WireBatch>(keys.queue(pool), process, {
    connection: redis,
    prefix: keys.prefix,
    autorun: false,
    concurrency: 1,
    lockDuration: lockMs,
    // Locks are ours to renew: BullMQ does not notice that one is lost while Redis cannot be asked.
    skipLockRenewal: true,
    stalledInterval: Math.ceil(lockMs / LOOKS),
    maxStalledCount: NEVER,
    drainDelay: IDLE_POLL_S,
    runRetryDelay: RETRY_DELAY_MS,
  });
}

/** BullMQ gives up for good when Redis goes while it connects. @returns undefined when it is to be tried again */
export async function whenConnected(
  worker: Worker<WireBatch>,
  logger: Logger,
): Promise<Worker<WireBatch> | undefined> {
  try {
    await worker.waitUntilReady();
    await keepBlockingPulse(worker);
    return worker;
  } catch (error) {
    logger.warn({ err: error }, 'the queue could not be reached');
    await worker.close(true);
    await pause(RETRY_DELAY_MS);
    return undefined;
  }
}

/**
 * BullMQ looks at its concurrency when a job ends. A slow call must not keep the other slots of its batch idle until
 * then, so its loop is given an end of nothing to look at; a test of the intake watches that it understands.
 */
export function wake(worker: Worker<WireBatch>): void {
  const { mainLoopQueue } = worker as unknown as {
    mainLoopQueue: { add(job: Promise<undefined>): void } | null;
  };
  mainLoopQueue?.add(Promise.resolve(undefined));
}

/** Whether the connection on which BullMQ waits for jobs is lost, and not restored yet. */
export async function isReconnecting({ backend }: Worker<WireBatch>): Promise<boolean> {
  const client = await backend.blockingClient;
  return client !== undefined && AWAY.has(client.status);
}

/** What ioredis calls the states in which no command can be sent, and there may be one later. */
const AWAY = new Set(['reconnecting', 'connecting', 'connect', 'close']);

/** Beats that a question may wait behind the command that waits for jobs, which takes ten seconds at most. */
const BLOCKED_BEATS = 12;

/** BullMQ makes the connection on which it waits for jobs itself, and does not see that it is dead while it is greeted. */
async function keepBlockingPulse({ backend }: Worker<WireBatch>): Promise<void> {
  const client = await backend.blockingClient;
  if (client) keepPulse(client as unknown as Redis, { ...DEFAULT_PULSE, patience: BLOCKED_BEATS });
}
