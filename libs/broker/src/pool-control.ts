import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { Orders } from './orders.ts';

/** What operators do with pools. */
export class PoolControl {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #orders: Orders;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
    this.#orders = new Orders(redis, keys);
  }

  /** Workers take nothing more of the pool; its calls wait, until their deadlines. */
  async pause(pool: string): Promise<void> {
    await this.#onQueue(pool, (queue) => queue.pause());
  }

  /** Undoes `pause` and `drain`. */
  async resume(pool: string): Promise<void> {
    await this.#orders.openPool(pool);
    await this.#onQueue(pool, (queue) => queue.resume());
  }

  /** The pool takes no new calls, and runs empty. */
  async drain(pool: string): Promise<void> {
    await this.#orders.drainPool(pool);
  }

  async #onQueue(pool: string, act: (queue: Queue) => Promise<void>): Promise<void> {
    const { prefix } = this.#keys;
    const connection = this.#redis;
    const queue = new Queue(this.#keys.queue(pool), { connection, prefix, skipVersionCheck: true });
    try {
      await act(queue);
    } finally {
      await queue.close();
    }
  }
}
