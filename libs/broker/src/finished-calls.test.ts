import { expect, test } from 'vitest';
import { FinishedCalls } from './finished-calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();

test('calls that are marked are known, for their batch alone', async () => {
  const finished = new FinishedCalls(context.redis, context.keys);
  await finished.mark('default.1', ['a', 'b']);
  await finished.mark('default.1', ['c']);
  expect(await finished.of('default.1')).toEqual(new Set(['a', 'b', 'c']));
  expect(await finished.of('slow.1')).toEqual(new Set());
});

test('marks expire by themselves', async () => {
  const finished = new FinishedCalls(context.redis, context.keys);
  await finished.mark('default.1', ['a']);
  expect(await context.redis.pttl(context.keys.finished('default.1'))).toBeGreaterThan(0);
});

test('a batch that is done leaves no key', async () => {
  const finished = new FinishedCalls(context.redis, context.keys);
  await finished.mark('default.1', ['a']);
  await finished.clear('default.1');
  expect(await context.redis.dbsize()).toBe(0);
});
