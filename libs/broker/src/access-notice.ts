import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** How long the notice outlives the last worker that put it up, in milliseconds. */
const TTL_MS = 600_000;

/** How often each worker puts it up again, in milliseconds. */
export const NOTICE_INTERVAL_MS = 60_000;

/**
 * Tells agents that use the queues themselves which credentials the workers want, and what they allow. It only spares
 * such an agent calls in vain: what counts is what each worker checks.
 */
export class AccessNotice {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async put(notice: string): Promise<void> {
    await this.#redis.set(this.#keys.accessNotice, notice, 'PX', TTL_MS);
  }

  /** @returns undefined where everybody may do everything */
  async read(): Promise<string | undefined> {
    return (await this.#redis.get(this.#keys.accessNotice)) ?? undefined;
  }
}
