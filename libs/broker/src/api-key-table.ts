import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** The records of API keys in Redis, as text: what they say, and whether they count, is for others to tell. */
export class ApiKeyTable {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Changes with every `put` and `remove`. */
  async version(): Promise<string> {
    return (await this.#redis.hget(this.#keys.apiKeys, VERSION)) ?? '0';
  }

  /** @returns the records in the same order; undefined for those that are not there */
  async find(ids: readonly string[]): Promise<readonly (string | undefined)[]> {
    const found = await this.#redis.hmget(this.#keys.apiKeys, ...ids);
    return found.map((record) => record ?? undefined);
  }

  async all(): Promise<readonly string[]> {
    const { [VERSION]: _, ...records } = await this.#redis.hgetall(this.#keys.apiKeys);
    return Object.values(records);
  }

  async put(id: string, record: string): Promise<void> {
    await this.#change((multi) => multi.hset(this.#keys.apiKeys, id, record));
  }

  async remove(id: string): Promise<void> {
    await this.#change((multi) => multi.hdel(this.#keys.apiKeys, id).hdel(this.#keys.apiKeyUses, id));
  }

  /** @param at milliseconds since the epoch */
  async used(id: string, at: number): Promise<void> {
    await this.#redis.hset(this.#keys.apiKeyUses, id, at);
  }

  /** When each key was used last, milliseconds since the epoch, by id; those that never were are missing. */
  async uses(): Promise<ReadonlyMap<string, number>> {
    const uses = await this.#redis.hgetall(this.#keys.apiKeyUses);
    return new Map(Object.entries(uses).map(([id, at]) => [id, Number(at)]));
  }

  async #change(build: (multi: ReturnType<Redis['multi']>) => ReturnType<Redis['multi']>): Promise<void> {
    const done = await build(this.#redis.multi()).hincrby(this.#keys.apiKeys, VERSION, 1).exec();
    for (const [error] of done ?? []) if (error) throw error;
  }
}

/** A field beside the records, whose ids are longer. */
const VERSION = 'version';
