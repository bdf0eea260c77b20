import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { Script } from './script.ts';

const placeAffine = new Script('place-affine');

/** Longer than any process is kept idle: a place that is forgotten too early would lose its state without a word. */
const TTL_MS = 86_400_000;

/** Which worker keeps the state of which session or handle. */
export class Affinities {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /**
   * @param affinity what keeps the state, such as one hosted server
   * @param owner whose state it is
   * @param preferred the worker that is to keep it when none does yet
   * @returns id of the worker that keeps it, dead or alive
   */
  async place(affinity: string, owner: string, preferred: string): Promise<string> {
    return String(
      await placeAffine.run(this.#redis, [this.#keys.affinity(affinity, owner)], [preferred, TTL_MS]),
    );
  }

  /** The state is gone: the next call begins anew, anywhere. */
  async forget(affinity: string, owner: string): Promise<void> {
    await this.#redis.del(this.#keys.affinity(affinity, owner));
  }
}
