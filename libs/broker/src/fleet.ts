import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { readOrders, type StandingOrders } from './orders.ts';
import { Script } from './script.ts';
import type { CatalogueTimes, WorkerRecord } from './worker-record.ts';

const liveWorkers = new Script('live-workers');

/** The workers at one moment, and what was ordered. */
export interface Fleet extends StandingOrders {
  readonly workers: readonly WorkerRecord[];
  /** Hashes of the offers that are remembered, the newest last. */
  readonly offers: readonly string[];
}

/** @returns the fleet as Redis knows it; the workers sorted by id */
export async function readFleet(
  redis: Redis,
  keys: Keys,
  { workerTtlMs, offerTtlMs }: Pick<CatalogueTimes, 'workerTtlMs' | 'offerTtlMs'>,
): Promise<Fleet> {
  const names = [keys.workers, keys.offers, keys.orders];
  const answer = await liveWorkers.run(redis, names, [workerTtlMs, offerTtlMs]);
  const [ids, offers, orders] = answer as [string[], string[], string[]];
  return { workers: await readRecords(redis, keys, ids), offers, ...readOrders(orders) };
}

async function readRecords(redis: Redis, keys: Keys, ids: readonly string[]): Promise<WorkerRecord[]> {
  if (ids.length === 0) return [];
  const records = await redis.mget(ids.map((id) => keys.worker(id)));
  return records
    .filter((record) => record !== null)
    .map((record) => JSON.parse(record) as WorkerRecord)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
