import { expect, test, vi } from 'vitest';
import { CacheTags } from './cache-tags.ts';
import { SharedCache } from './shared-cache.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const newCache = () => new SharedCache(context.redis, context.keys);
const newTags = () => new CacheTags(context.redis, context.keys);

async function keep(key: string, text: string, tags: string[] = [], ttlMs = 10_000): Promise<boolean> {
  const cache = newCache();
  const { generations } = await cache.read(key, tags);
  return cache.store(key, text, { tags, generations, ttlMs });
}

test('what one process keeps another finds, with the time that is left', async () => {
  expect(await keep('key', 'text', ['users'])).toBe(true);
  const found = await newCache().read('key', ['users']);
  expect(found.text).toBe('text');
  expect(found.ttlMs).toBeGreaterThan(9_000);
  expect(found.ttlMs).toBeLessThanOrEqual(10_000);
});

test('what nobody kept is not there', async () => {
  expect(await newCache().read('key', [])).toEqual({ ttlMs: 0, generations: '' });
});

test('it is gone when its time is over', async () => {
  await keep('key', 'text', [], 1);
  await vi.waitFor(async () => expect((await newCache().read('key', [])).text).toBeUndefined());
});

test('an invalidated tag takes what has it, and leaves the rest', async () => {
  await keep('a', 'a', ['users', 'all']);
  await keep('b', 'b', ['orders']);
  await newTags().invalidate(['users']);
  const cache = newCache();
  expect((await cache.read('a', ['users', 'all'])).text).toBeUndefined();
  expect((await cache.read('b', ['orders'])).text).toBe('b');
});

test('what was begun before the invalidation is not kept after it', async () => {
  const cache = newCache();
  const { generations } = await cache.read('a', ['users']);
  await newTags().invalidate(['users']);
  expect(await cache.store('a', 'old', { tags: ['users'], generations, ttlMs: 10_000 })).toBe(false);
  expect((await cache.read('a', ['users'])).text).toBeUndefined();
  expect(await keep('a', 'new', ['users'])).toBe(true);
});

test('a text is kept as it is, whatever is in it', async () => {
  for (const text of ['', 'a\nb', '\n', 'ü,', '0,0\n']) {
    await keep('key', text, ['a', 'b']);
    expect((await newCache().read('key', ['a', 'b'])).text).toBe(text);
  }
});

test('reads of one turn travel together, each to its own key', async () => {
  await keep('a', 'text of a', ['x']);
  await keep('b', 'text of b');
  const cache = newCache();
  const pipeline = vi.spyOn(context.redis, 'pipeline');
  const found = await Promise.all([
    cache.read('b', []),
    cache.read('none', ['x', 'y']),
    cache.read('a', ['x']),
  ]);
  expect(found.map(({ text }) => text)).toEqual(['text of b', undefined, 'text of a']);
  expect(pipeline).toHaveBeenCalledTimes(1);
});

test('arguments are not to be read in the names of keys', async () => {
  await keep('the secret of ada', 'text', ['tag of ada']);
  await newTags().invalidate(['tag of ada']);
  const names = await context.redis.keys(`${context.keys.prefix}:*`);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => name.includes('ada'))).toEqual([]);
});

test('to invalidate nothing is nothing', async () => {
  await newTags().invalidate([]);
  expect(await context.redis.keys(`${context.keys.prefix}:*`)).toEqual([]);
});
