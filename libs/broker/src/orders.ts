import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** What operators have ordered and not taken back. */
export interface StandingOrders {
  /** Pools that take no new calls. */
  readonly drainedPools: ReadonlySet<string>;
  /** Ids of workers that take no work, whether they still live or not. */
  readonly drainedWorkers: ReadonlySet<string>;
}

/** The only order there is so far, as it stands in Redis. */
export const DRAIN = 'drain';

const POOL = 'pool:';
const WORKER = 'worker:';

/** What operators want of pools and workers. Front doors and workers follow within moments. */
export class Orders {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Front doors refuse new calls of the pool; what is on its queue still runs. */
  drainPool(pool: string): Promise<void> {
    return this.#give(POOL + pool);
  }

  /** @returns whether it was drained */
  openPool(pool: string): Promise<boolean> {
    return this.#takeBack(POOL + pool);
  }

  /** The worker takes nothing new; what it has it ends. */
  drainWorker(worker: string): Promise<void> {
    return this.#give(WORKER + worker);
  }

  /** @returns whether it was drained */
  resumeWorker(worker: string): Promise<boolean> {
    return this.#takeBack(WORKER + worker);
  }

  async #give(name: string): Promise<void> {
    await this.#redis.hset(this.#keys.orders, name, DRAIN);
    await this.#tell();
  }

  async #takeBack(name: string): Promise<boolean> {
    const removed = await this.#redis.hdel(this.#keys.orders, name);
    await this.#tell();
    return removed === 1;
  }

  /** No worker speaks, so no id goes with it. */
  async #tell(): Promise<void> {
    await this.#redis.publish(this.#keys.catalogueChanges, '');
  }
}

/** @param fields names and values in turn, as Redis gives them */
export function readOrders(fields: readonly string[]): StandingOrders {
  const names = fields.filter((_, at) => at % 2 === 0 && fields[at + 1] === DRAIN);
  const after = (prefix: string) =>
    new Set(names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)));
  return { drainedPools: after(POOL), drainedWorkers: after(WORKER) };
}
