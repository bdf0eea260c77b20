import { expect, test } from 'vitest';
import { StoredReplies } from './stored-replies.ts';
import { aResult } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();

test('answers are taken by those who wait for them, each once', async () => {
  const stored = new StoredReplies(context.redis, context.keys);
  await stored.store([aResult('a', '{"text":"ü"}'), aResult('b')]);
  expect(await stored.take(['a', 'x'])).toEqual([aResult('a', '{"text":"ü"}')]);
  expect(await stored.take(['a', 'b'])).toEqual([aResult('b')]);
  expect(await context.redis.dbsize()).toBe(0);
});

test('an answer that nobody takes expires', async () => {
  await new StoredReplies(context.redis, context.keys).store([aResult('a')]);
  expect(await context.redis.pttl(context.keys.storedReply('a'))).toBeGreaterThan(0);
});

test('thousands are asked for in parts', async () => {
  const stored = new StoredReplies(context.redis, context.keys);
  const calls = Array.from({ length: 1_200 }, (_, at) => `call-${at}`);
  await stored.store(calls.map((call) => aResult(call)));
  expect((await stored.take(calls)).map(({ call }) => call)).toEqual(calls);
});

test('nothing is asked for when nobody waits', async () => {
  expect(await new StoredReplies(context.redis, context.keys).take([])).toEqual([]);
});

test('of two answers to the same call the first one stands', async () => {
  const stored = new StoredReplies(context.redis, context.keys);
  await stored.store([aResult('a', '"first"')]);
  await stored.store([aResult('a', '"second"')]);
  expect(await stored.take(['a'])).toEqual([aResult('a', '"first"')]);
});
