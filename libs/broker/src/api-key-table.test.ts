import { expect, test } from 'vitest';
import { AccessNotice } from './access-notice.ts';
import { ApiKeyTable } from './api-key-table.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const table = () => new ApiKeyTable(context.redis, context.keys);

test('records are found by id, in the order that was asked for', async () => {
  await table().put('a', 'one');
  await table().put('b', 'two');
  expect(await table().find(['b', 'missing', 'a'])).toEqual(['two', undefined, 'one']);
  expect([...(await table().all())].sort()).toEqual(['one', 'two']);
});

test('the version changes with every record', async () => {
  const versions = [await table().version()];
  await table().put('a', 'one');
  versions.push(await table().version());
  await table().put('a', 'two');
  versions.push(await table().version());
  await table().remove('a');
  versions.push(await table().version());
  expect(new Set(versions).size).toBe(4);
});

test('the last use goes with its key, and is no change', async () => {
  await table().put('a', 'one');
  const version = await table().version();
  await table().used('a', 1_000);
  expect(await table().uses()).toEqual(new Map([['a', 1_000]]));
  expect(await table().version()).toBe(version);
  await table().remove('a');
  expect(await table().uses()).toEqual(new Map());
});

test('a notice can be read until nobody puts it up any more', async () => {
  const notice = new AccessNotice(context.redis, context.keys);
  expect(await notice.read()).toBeUndefined();
  await notice.put('a key, please');
  expect(await notice.read()).toBe('a key, please');
  expect(await context.redis.pttl(context.keys.accessNotice)).toBeGreaterThan(0);
});
