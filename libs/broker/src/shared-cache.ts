import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { generationsOf } from './cache-tags.ts';
import type { Keys } from './keys.ts';
import { cipherOf, tryOpen } from './payload-cipher.ts';
import { Script } from './script.ts';
import { Tick } from './tick.ts';

/** What the cluster knows of a key. */
export interface SharedEntry {
  /** Absent when there is none that still holds. */
  readonly text?: string;
  /** How long it holds, in milliseconds; 0 when there is none. */
  readonly ttlMs: number;
  /** How the tags stand now. What is worked out from now on is kept only if they still stand so then. */
  readonly generations: string;
}

interface Wanted {
  readonly key: string;
  readonly tags: readonly string[];
  readonly answer: PromiseWithResolvers<SharedEntry>;
}

const STORE = new Script('cache-store');

/** The level of the cache that all processes share. It never gives what was invalidated before it was asked. */
export class SharedCache {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #reads = new Tick<Wanted>((wanted) => void this.#readAll(wanted));

  /** @param redis whose commands fail at once while Redis is away */
  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Those that are asked for in one turn of the event loop travel together. Rejects when Redis is away. */
  read(key: string, tags: readonly string[]): Promise<SharedEntry> {
    const answer = Promise.withResolvers<SharedEntry>();
    this.#reads.add({ key, tags, answer });
    return answer.promise;
  }

  /**
   * @param generations that were read before the work on the text began
   * @param ttlMs in milliseconds
   * @returns whether it is kept: not when one of its tags was invalidated since then
   */
  async store(
    key: string,
    text: string,
    { tags, generations, ttlMs }: { tags: readonly string[]; generations: string; ttlMs: number },
  ): Promise<boolean> {
    const entry = this.#entry(key);
    const sealed = cipherOf(this.#redis).seal(text, 'cache');
    if (tags.length === 0) return (await this.#redis.set(entry, `\n${sealed}`, 'PX', ttlMs)) === 'OK';
    const kept = await STORE.run(
      this.#redis,
      [entry, ...generationsOf(tags, this.#keys)],
      [generations, sealed, ttlMs],
    );
    return kept === 1;
  }

  async #readAll(wanted: readonly Wanted[]): Promise<void> {
    try {
      const pipeline = this.#redis.pipeline();
      for (const { key, tags } of wanted) {
        // First: an entry that is changed after that is judged too strictly, and never too mildly.
        if (tags.length > 0) pipeline.mget(generationsOf(tags, this.#keys));
        pipeline.get(this.#entry(key)).pttl(this.#entry(key));
      }
      const answers = ((await pipeline.exec()) ?? []).map(readAnswer);
      let at = 0;
      for (const { tags, answer } of wanted) {
        const generations =
          tags.length > 0 ? (answers[at++] as (string | null)[]).map(orEmpty).join(',') : '';
        answer.resolve(this.#opened(judge(answers[at++], answers[at++], generations)));
      }
    } catch (error) {
      for (const { answer } of wanted) answer.reject(error);
    }
  }

  /** What cannot be read is worked out again. */
  #opened({ text: sealed, ttlMs, generations }: SharedEntry): SharedEntry {
    const text = sealed === undefined ? undefined : tryOpen(this.#redis, sealed, 'cache');
    return text === undefined ? { ttlMs: 0, generations } : { text, ttlMs, generations };
  }

  #entry(key: string): string {
    return this.#keys.cached(hash('sha256', key, 'base64url'));
  }
}

function readAnswer([error, value]: [Error | null, unknown]): unknown {
  if (error) throw error;
  return value;
}

function orEmpty(generation: string | null): string {
  return generation ?? '';
}

/** An entry begins with the line of the generations that it was made under. */
function judge(entry: unknown, ttl: unknown, generations: string): SharedEntry {
  const ttlMs = Number(ttl);
  if (typeof entry !== 'string' || ttlMs <= 0 || !entry.startsWith(`${generations}\n`)) {
    return { ttlMs: 0, generations };
  }
  return { text: entry.slice(generations.length + 1), ttlMs, generations };
}
