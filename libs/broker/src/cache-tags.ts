import { hash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** How long an invalidation is remembered, in milliseconds: longer than any result is kept. */
const TTL_MS = 8 * 86_400_000;

/** The tag that every cached read of a resource has. */
export function tagOfResource(uri: string): string {
  return `resource ${uri}`;
}

/** Names of the keys that change when these tags are invalidated. */
export function generationsOf(tags: readonly string[], keys: Keys): string[] {
  return tags.map((tag) => keys.cacheTag(hash('sha256', tag, 'base64url')));
}

/** Which tags of cached results were invalidated: their results count no more, wherever they are kept. */
export class CacheTags {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /**
   * Resolves when no result that has one of the tags is taken from Redis any more, and every process that listens is
   * being told.
   */
  async invalidate(tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return;
    await this.mark(tags);
    await this.#redis.publish(this.#keys.events, JSON.stringify({ kind: 'invalidated', tags }));
  }

  /** The same, but tells nobody. */
  async mark(tags: readonly string[]): Promise<void> {
    // A value that never was before: a counter that expired would count to the same numbers again.
    const generation = randomBytes(9).toString('base64url');
    const pipeline = this.#redis.pipeline();
    for (const key of generationsOf(tags, this.#keys)) pipeline.set(key, generation, 'PX', TTL_MS);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }
}
