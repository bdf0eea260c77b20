import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** Requests that were put to the client of a session: only that session may answer, once, while the call runs. */
export class AskedRequests {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** @param deadline when the answer is of no use any more, milliseconds since the epoch */
  async ask(request: string, session: string, deadline: number): Promise<void> {
    await this.#redis.set(this.#keys.asked(request), session, 'PX', Math.max(1, deadline - Date.now()));
  }

  /** @returns whether this session was asked, and had not answered yet */
  async answer(request: string, session: string): Promise<boolean> {
    const key = this.#keys.asked(request);
    if ((await this.#redis.get(key)) !== session) return false;
    return (await this.#redis.del(key)) === 1;
  }
}
