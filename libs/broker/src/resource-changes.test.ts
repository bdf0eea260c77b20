import { expect, test, vi } from 'vitest';
import { CacheTags, tagOfResource } from './cache-tags.ts';
import { ResourceChanges } from './resource-changes.ts';
import { SharedCache } from './shared-cache.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();

test('when a change is told, no cached read of the resource counts any more', async () => {
  const { redis, keys, source } = context;
  const cache = new SharedCache(redis, keys);
  const tags = [tagOfResource('docs://a')];
  const { generations } = await cache.read('docs://a', tags);
  await cache.store('docs://a', 'old', { tags, generations, ttlMs: 10_000 });
  const told = Promise.withResolvers<string | undefined>();
  const publish = vi.fn(() => void cache.read('docs://a', tags).then(({ text }) => told.resolve(text)));
  new ResourceChanges(new CacheTags(redis, keys), { publish }, source.logger).tell('docs://a');
  expect(await told.promise).toBeUndefined();
  expect(publish).toHaveBeenCalledWith({ kind: 'resource_updated', uri: 'docs://a' });
});

test('a change is told also when the cache cannot be; the same one of one turn once', async () => {
  const publish = vi.fn();
  const mark = vi.fn(async () => Promise.reject(new Error('no memory left')));
  const changes = new ResourceChanges({ mark }, { publish }, context.source.logger);
  for (const uri of ['docs://a', 'docs://b', 'docs://a']) changes.tell(uri);
  await vi.waitFor(() => expect(publish).toHaveBeenCalledTimes(2));
  expect(mark).toHaveBeenCalledTimes(1);
});
