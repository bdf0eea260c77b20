import { randomBytes } from 'node:crypto';
import { createLogger } from '@millrace/service';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { Keys } from '../keys.ts';
import { type LocalRedis, startPrivateRedis } from '../local-redis.ts';
import type { RedisSource } from '../redis-source.ts';

/** What `PTTL` says of a key that never expires. */
const NO_TTL = -1;

export interface TestRedis {
  readonly source: RedisSource;
  /** Names below the prefix of this test. */
  readonly keys: Keys;
  /** A connection to look into Redis with. */
  readonly redis: Redis;
  /** Breaks the connection of everybody who listens to a channel. */
  dropSubscribers(): Promise<void>;
}

/**
 * A private Redis for the tests of one file. Each test has a prefix of its own, and fails when it leaves a key there
 * that neither expires nor is a queue or a registry.
 */
export function useTestRedis(): TestRedis {
  let server: LocalRedis;
  let redis: Redis;
  let keys: Keys;
  const logger = createLogger({ name: 'test', level: 'silent' });

  beforeAll(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
  });
  beforeEach(() => {
    keys = new Keys(`test-${randomBytes(4).toString('hex')}`);
  });
  afterEach(async () => {
    const left = await leftovers(redis, keys.prefix);
    await redis.flushdb();
    expect(left).toEqual([]);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  return {
    get source() {
      return { url: server.url, logger };
    },
    get keys() {
      return keys;
    },
    get redis() {
      return redis;
    },
    dropSubscribers: async () => {
      await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    },
  };
}

async function leftovers(redis: Redis, prefix: string): Promise<string[]> {
  const all = await redis.keys('*');
  const mayStay = new RegExp(
    `^${prefix}:(\\{@fleet\\}:(workers|offers|orders)|\\{@api-keys\\}:(records|used)|(aggregate|snapshot):.*|\\{[\\w.-]+\\}:.*)$`,
  );
  const left: string[] = [];
  for (const key of all) if (!mayStay.test(key) && (await redis.pttl(key)) === NO_TTL) left.push(key);
  return left;
}
