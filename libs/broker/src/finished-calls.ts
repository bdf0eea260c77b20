import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** How long the marks of a batch are kept after the newest one, in milliseconds. */
const TTL_MS = 600_000;

/** Remembers which calls of a batch were answered while others still ran, for the case that the worker dies. */
export class FinishedCalls {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async mark(job: string, calls: readonly string[]): Promise<void> {
    const key = this.#keys.finished(job);
    await this.#redis
      .pipeline()
      .sadd(key, ...calls)
      .pexpire(key, TTL_MS)
      .exec();
  }

  async of(job: string): Promise<Set<string>> {
    return new Set(await this.#redis.smembers(this.#keys.finished(job)));
  }

  async clear(job: string): Promise<void> {
    await this.#redis.del(this.#keys.finished(job));
  }
}
