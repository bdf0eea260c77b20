import { beforeEach, expect, test } from 'vitest';
import { MemoryCache } from './memory-cache.ts';

let now = 0;
beforeEach(() => {
  now = 1_000;
});

function aCache(limits: { maxBytes?: number; maxEntries?: number; maxEntryBytes?: number } = {}) {
  const { maxBytes = 10_000, maxEntries = 10, maxEntryBytes = 1_000 } = limits;
  return new MemoryCache({ maxBytes, maxEntries, maxEntryBytes, now: () => now });
}

test('a text is there until its time is over', () => {
  const cache = aCache();
  cache.set('a', 'text', 100);
  expect(cache.get('a')).toMatchObject({ text: 'text', expiresAt: 1_100 });
  now = 1_100;
  expect(cache.get('a')).toBeUndefined();
  expect(cache.size).toBe(0);
});

test('what was not used for longest makes room', () => {
  const cache = aCache({ maxEntries: 2 });
  for (const key of ['a', 'b']) cache.set(key, key, 100);
  cache.get('a');
  cache.set('c', 'c', 100);
  expect(['a', 'b', 'c'].map((key) => cache.get(key)?.text)).toEqual(['a', undefined, 'c']);
});

test('bytes are bounded, too, whatever the number of entries', () => {
  const cache = aCache({ maxBytes: 5_000, maxEntries: 1_000 });
  for (let n = 0; n < 100; n += 1) cache.set(`key ${n}`, 'x'.repeat(500), 100);
  expect(cache.bytes).toBeLessThanOrEqual(5_000);
  expect(cache.size).toBeGreaterThan(3);
  expect(cache.get('key 99')).toBeDefined();
});

test('a text that is too large is not kept, by what it takes in memory', () => {
  const cache = aCache();
  cache.set('ascii', 'x'.repeat(1_000), 100);
  cache.set('larger', 'x'.repeat(1_001), 100);
  cache.set('wide', 'ü'.repeat(501), 100);
  expect(['ascii', 'larger', 'wide'].map((key) => cache.get(key) !== undefined)).toEqual([
    true,
    false,
    false,
  ]);
});

test('a tag takes all entries that have it, and no others', () => {
  const cache = aCache();
  cache.set('a', 'a', 100, ['users', 'all']);
  cache.set('b', 'b', 100, ['orders', 'all']);
  cache.set('c', 'c', 100);
  cache.invalidate(['users', 'unknown']);
  expect(['a', 'b', 'c'].map((key) => cache.get(key)?.text)).toEqual([undefined, 'b', 'c']);
  cache.invalidate(['all']);
  expect(['b', 'c'].map((key) => cache.get(key)?.text)).toEqual([undefined, 'c']);
});

test('an entry that is replaced has the tags of the new one', () => {
  const cache = aCache();
  cache.set('a', 'first', 100, ['old']);
  cache.set('a', 'second', 100, ['new']);
  cache.invalidate(['old']);
  expect(cache.get('a')?.text).toBe('second');
  cache.invalidate(['new']);
  expect(cache.get('a')).toBeUndefined();
});

test('all that has a tag can be forgotten at once', () => {
  const cache = aCache();
  cache.set('a', 'a', 100, ['users']);
  cache.set('b', 'b', 100);
  cache.invalidateTagged();
  expect(['a', 'b'].map((key) => cache.get(key)?.text)).toEqual([undefined, 'b']);
});

test.each([{ maxBytes: 0 }, { maxEntries: 0 }])('with %j nothing is kept', (limits) => {
  const cache = aCache(limits);
  cache.set('a', 'a', 100, ['t']);
  cache.invalidate(['t']);
  cache.clear();
  expect([cache.get('a'), cache.size, cache.bytes]).toEqual([undefined, 0, 0]);
});

test('a time to live that is over keeps nothing', () => {
  const cache = aCache();
  cache.set('a', 'a', 0);
  expect(cache.size).toBe(0);
});
