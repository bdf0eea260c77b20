import type { Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { connectFailFast, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';

/** How Redis is at this moment. */
export interface RedisCondition {
  /** How long it took to answer, in milliseconds. */
  readonly roundTripMs: number;
  /** Bytes that it uses, and may use (0: no limit); absent where it does not tell. */
  readonly memory?: { readonly used: number; readonly max: number };
}

/** Asks Redis how it is, on a connection on which no work waits. */
export class RedisProbe implements Service {
  readonly #redis: Redis;

  constructor(source: RedisSource) {
    this.#redis = connectFailFast(source, 'probe');
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
  }

  async stop(): Promise<void> {
    disconnect(this.#redis);
  }

  /** Rejects when Redis does not answer. */
  async ping(): Promise<number> {
    const since = performance.now();
    await this.#redis.ping();
    return performance.now() - since;
  }

  /** Rejects when Redis does not answer. */
  async condition(): Promise<RedisCondition> {
    const roundTripMs = await this.ping();
    const memory = await this.#memory();
    return { roundTripMs, ...(memory && { memory }) };
  }

  /** What a user may ask of Redis can be limited: then this is not known. */
  async #memory(): Promise<RedisCondition['memory']> {
    try {
      const text = await this.#redis.info('memory');
      const [used, max] = ['used_memory', 'maxmemory'].map((field) => numberIn(text, field));
      return used === undefined ? undefined : { used, max: max ?? 0 };
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOPERM')) return undefined;
      throw error;
    }
  }
}

function numberIn(text: string, field: string): number | undefined {
  const value = new RegExp(`^${field}:(\\d+)`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}
