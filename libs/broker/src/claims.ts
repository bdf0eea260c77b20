import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** How long past its deadline a claim stays, so that a late second delivery still finds it. */
const MARGIN_MS = 60_000;

/** One claim to take. */
export interface ClaimRequest {
  readonly call: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

/** Guards calls that must not run twice: whoever claims a call first may run it, nobody else ever. */
export class Claims {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #owner: string;

  constructor(redis: Redis, keys: Keys, owner: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#owner = owner;
  }

  /** Claims all these calls in one round trip. @returns the ids of those that were free until now */
  async take(requests: readonly ClaimRequest[]): Promise<Set<string>> {
    const pipeline = this.#redis.pipeline();
    for (const { call, deadline } of requests) {
      const ttlMs = Math.max(0, deadline - Date.now()) + MARGIN_MS;
      pipeline.set(this.#keys.claim(call), this.#owner, 'PX', ttlMs, 'NX');
    }
    const taken = new Set<string>();
    const answers = (await pipeline.exec()) ?? [];
    for (const [index, [error, answer]] of answers.entries()) {
      if (error) throw error;
      const request = requests[index];
      if (request && answer === 'OK') taken.add(request.call);
    }
    return taken;
  }

  /** Gives up a claim on a call that was not begun. */
  async release(call: string): Promise<void> {
    await this.#redis.del(this.#keys.claim(call));
  }
}
