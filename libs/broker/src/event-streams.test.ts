import { createLogger } from '@millrace/service';
import { expect, test } from 'vitest';
import { EventStreams } from './event-streams.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const streams = () =>
  new EventStreams(context.redis, context.keys, createLogger({ name: 'test', level: 'silent' }));

const NAME = { session: 's-1', stream: 'a' };
const event = (seq: number, last = false) => ({ seq, payload: `{"seq":${seq}}`, last });

test('a client goes on after the last event that it has', async () => {
  for (const one of [event(1), event(2), event(3, true)]) await streams().append(NAME, one);
  expect(await streams().after(NAME, 1)).toEqual([event(2), event(3, true)]);
  expect(await streams().after(NAME, 3)).toEqual([]);
});

test('there is no stream of that name in another session', async () => {
  await streams().append(NAME, event(1));
  expect(await streams().after({ ...NAME, session: 's-2' }, 0)).toBeUndefined();
});

test('the first event says whose answer the stream carries', async () => {
  const call = { call: 'f-1.1', request: 7, deadline: 1_000 };
  await streams().append(NAME, event(1), call);
  await streams().append(NAME, event(2));
  expect(await streams().callOf(NAME)).toEqual(call);
  expect(await streams().after(NAME, 0)).toEqual([event(1), event(2)]);
  expect(await streams().callOf({ ...NAME, stream: 'b' })).toBeUndefined();
});

test('a place in the stream is taken once: whoever comes second is not heard', async () => {
  await streams().append(NAME, event(1, true));
  await streams().append(NAME, { ...event(1), payload: 'late' });
  expect(await streams().after(NAME, 0)).toEqual([event(1, true)]);
});

test('a stream is kept for a while after its last event', async () => {
  await streams().append(NAME, event(1));
  expect(await context.redis.pttl(context.keys.stream('s-1', 'a'))).toBeGreaterThan(0);
});
