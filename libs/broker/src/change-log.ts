import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** How long a change is remembered for those who were away, in milliseconds. */
const KEPT_MS = 600_000;

/** When what changed last: clients that were away for a moment are told when they come back. */
export class ChangeLog {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** @param what URI of a resource, or name of a list */
  async record(what: string, now: number = Date.now()): Promise<void> {
    const key = this.#keys.changes;
    await this.#redis
      .pipeline()
      .zadd(key, 'GT', now, what)
      .zremrangebyscore(key, '-inf', now - KEPT_MS)
      .pexpire(key, KEPT_MS)
      .exec();
  }

  /** @returns what changed since then, the oldest first */
  async since(time: number): Promise<string[]> {
    return this.#redis.zrangebyscore(this.#keys.changes, time, '+inf');
  }
}
