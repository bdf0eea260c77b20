import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useTestRedis } from '../../broker/src/testing/test-redis.ts';
import { HybridStateStore } from './hybrid-state-store.ts';
import { MemoryStateStore } from './memory-state-store.ts';
import { PostgresStateStore } from './postgres-state-store.ts';
import { RedisStateStore } from './redis-state-store.ts';
import type { StateStore } from './state-store.ts';
import { TestChannel } from './testing/test-channel.ts';
import { DATABASES, useTestDatabase } from './testing/test-database.ts';

const MINUTE = 60_000;
/** Long enough for every store to write and read an entry, also on a busy machine. */
const SHORT_MS = 500;

/** The one suite that each store passes. */
function keepsEntries(make: () => StateStore): void {
  let store: StateStore;
  let key: string;

  beforeEach(async () => {
    store = make();
    key = `acme:${randomUUID()}`;
    await store.start();
  });
  afterEach(() => store.stop());

  it('gives back what was set, as it was', async () => {
    const value = '{"text":"a:b\\nc \\u0000 ✓"}\n';
    const version = await store.set(key, value, MINUTE);
    expect(await store.get(key)).toEqual({ value, version, expiresAt: expect.any(Number) });
    expect(Math.abs(((await store.get(key))?.expiresAt ?? 0) - Date.now() - MINUTE)).toBeLessThan(10_000);
  });

  it('has nothing under a key that was never set', async () => {
    expect(await store.get(key)).toBeUndefined();
    expect(await store.delete(key)).toBe(false);
  });

  it('has another version after each write, also when the value is the same', async () => {
    const versions = [await store.set(key, 'a', MINUTE), await store.set(key, 'a', MINUTE)];
    await store.delete(key);
    versions.push(await store.set(key, 'a', MINUTE));
    expect(new Set(versions).size).toBe(3);
    expect((await store.get(key))?.version).toBe(versions[2]);
  });

  it('forgets what is deleted, once', async () => {
    await store.set(key, 'a', MINUTE);
    expect([await store.delete(key), await store.delete(key)]).toEqual([true, false]);
    expect(await store.get(key)).toBeUndefined();
  });

  it('forgets what has lived its time', async () => {
    await store.set(key, 'a', SHORT_MS);
    await expect.poll(() => store.get(key), { timeout: 5_000 }).toBeUndefined();
    expect(await store.delete(key)).toBe(false);
  });

  it('creates an entry only where there is none', async () => {
    const version = await store.compareAndSet(key, undefined, 'first', MINUTE);
    expect(version).toEqual(expect.any(String));
    expect(await store.compareAndSet(key, undefined, 'second', MINUTE)).toBeUndefined();
    expect(await store.get(key)).toMatchObject({ value: 'first', version });
  });

  it('replaces an entry only of the version that is expected', async () => {
    const version = await store.set(key, 'a', MINUTE);
    const next = await store.compareAndSet(key, version, 'b', MINUTE);
    expect(await store.compareAndSet(key, version, 'c', MINUTE)).toBeUndefined();
    expect(await store.get(key)).toMatchObject({ value: 'b', version: next });
    await store.delete(key);
    expect(await store.compareAndSet(key, next, 'd', MINUTE)).toBeUndefined();
    expect(await store.get(key)).toBeUndefined();
  });

  it('creates an entry where another one has expired', async () => {
    const old = await store.set(key, 'old', SHORT_MS);
    await expect.poll(() => store.get(key), { timeout: 5_000 }).toBeUndefined();
    expect(await store.compareAndSet(key, old, 'never', MINUTE)).toBeUndefined();
    expect(await store.compareAndSet(key, undefined, 'new', MINUTE)).toEqual(expect.any(String));
    expect((await store.get(key))?.value).toBe('new');
  });

  it('lets one of many writers win that expect the same version', async () => {
    const version = await store.set(key, '0', MINUTE);
    const writers = Array.from({ length: 10 }, (_, n) => store.compareAndSet(key, version, `${n}`, MINUTE));
    const won = (await Promise.all(writers)).filter((each) => each !== undefined);
    expect(won).toHaveLength(1);
    expect((await store.get(key))?.version).toBe(won[0]);
  });
}

const test = useTestRedis();
const onRedis = () => new RedisStateStore({ redis: test.redis, prefix: test.keys.contexts });

describe('the memory store', () => keepsEntries(() => new MemoryStateStore()));

describe('the Redis store', () => keepsEntries(onRedis));

describe('the hybrid store on Redis', () =>
  keepsEntries(() => new HybridStateStore({ store: onRedis(), invalidations: new TestChannel().join() })));

describe.each(DATABASES)('on a Postgres database (%s)', (kind) => {
  const database = useTestDatabase(kind);
  const onPostgres = () => new PostgresStateStore({ database: database() });

  describe('the Postgres store', () => {
    keepsEntries(onPostgres);

    it('removes what nobody can read any more', async () => {
      const store = onPostgres();
      const key = randomUUID();
      await store.set(key, 'a', 1);
      await expect.poll(() => store.get(key)).toBeUndefined();
      await store.sweep();
      const rows = await database().query('SELECT key FROM millrace_contexts WHERE key = $1', [key]);
      expect(rows).toEqual([]);
    });
  });

  describe('the hybrid store', () =>
    keepsEntries(
      () => new HybridStateStore({ store: onPostgres(), invalidations: new TestChannel().join() }),
    ));
});

it('a memory store that is full refuses what is new, keeps what it has, and takes more once something expires', async () => {
  let now = 1_000;
  const store = new MemoryStateStore({ maxCharacters: 20, clock: { now: () => now } });
  await store.set('a', 'x'.repeat(9), 100);
  await store.set('b', 'x'.repeat(9), 1_000);
  const full = { reason: 'full', retryable: true, message: expect.stringContaining('nothing was kept') };
  await expect(store.set('c', 'x', 1_000)).rejects.toMatchObject(full);
  await expect(store.set('a', 'x'.repeat(10), 1_000)).rejects.toMatchObject(full);
  expect((await store.get('a'))?.value).toBe('x'.repeat(9));
  await store.set('b', 'y', 1_000);
  now += 100;
  await store.set('c', 'x'.repeat(15), 1_000);
  expect((await store.get('b'))?.value).toBe('y');
});

it('a store that is away rejects with an error that can be tried again, and chains its cause', async () => {
  const cause = new Error('connect ECONNREFUSED');
  const redis = new RedisStateStore({ redis: { call: () => Promise.reject(cause) }, prefix: 'p' });
  const database = { query: () => Promise.reject(cause), close: async () => {} };
  const postgres = new PostgresStateStore({ database });
  for (const store of [redis, postgres]) {
    for (const work of [
      store.get('k'),
      store.set('k', 'v', 1),
      store.compareAndSet('k', undefined, 'v', 1),
      store.compareAndSet('k', 'version', 'v', 1),
      store.delete('k'),
    ]) {
      await expect(work).rejects.toMatchObject({
        name: 'StateError',
        reason: 'unavailable',
        retryable: true,
        cause,
      });
    }
  }
});

it('what is in Redis and not an entry is told, and not guessed at', async () => {
  const store = new RedisStateStore({ redis: { call: async () => 'rubbish' }, prefix: 'p' });
  await expect(store.get('k')).rejects.toMatchObject({ reason: 'failed', retryable: false });
});
