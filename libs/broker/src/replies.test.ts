import { once } from 'node:events';
import { ENVELOPE_VERSION, encodeFrames, type Frame, type ReplyAddress } from '@millrace/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { Replies } from './replies.ts';
import { ReplyChannel } from './reply-channel.ts';
import { StoredReplies } from './stored-replies.ts';
import { aResult } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const channels: ReplyChannel[] = [];

afterEach(async () => {
  for (const channel of channels.splice(0)) await channel.stop();
});

async function listen(frontDoor: string, onFrame: (frame: Frame) => void, onResumed = () => {}) {
  const { source, keys } = context;
  const channel = new ReplyChannel({ source, keys, frontDoor, onFrame, onResumed });
  channels.push(channel);
  await channel.start();
}

function replies() {
  const { redis, keys, source } = context;
  return new Replies(redis, keys, new StoredReplies(redis, keys), source.logger);
}

function to(frontDoor: string, version = ENVELOPE_VERSION): ReplyAddress {
  return { frontDoor, version };
}

/** Collects so many frames. */
function collect(count: number) {
  const frames: Frame[] = [];
  const all = Promise.withResolvers<Frame[]>();
  const onFrame = (frame: Frame) => {
    if (frames.push(frame) === count) all.resolve(frames);
  };
  return { onFrame, all: all.promise };
}

test('each front door gets its frames, in their order', async () => {
  const one = collect(2);
  const two = collect(1);
  await listen('f-1', one.onFrame);
  await listen('f-2', two.onFrame);
  const out = replies();
  out.send(to('f-1'), { call: 'a', kind: 'notification', payload: '{"n":1}' });
  out.send(to('f-2'), aResult('b'));
  out.send(to('f-1'), aResult('a'));
  expect((await one.all).map(({ kind }) => kind)).toEqual(['notification', 'result']);
  expect(await two.all).toEqual([aResult('b')]);
});

test('frames of one turn of the event loop go out in one message', async () => {
  const publish = vi.spyOn(context.redis, 'publish');
  const { onFrame, all } = collect(3);
  await listen('f-1', onFrame);
  const out = replies();
  for (const call of 'abc') out.send(to('f-1'), aResult(call));
  await all;
  expect(publish).toHaveBeenCalledTimes(1);
});

test('an answer that nobody hears is stored; a notification is not worth it', async () => {
  const out = replies();
  out.send(to('f-gone'), { call: 'a', kind: 'notification', payload: '{}' });
  out.send(to('f-gone'), aResult('a'));
  await out.flush();
  expect(await new StoredReplies(context.redis, context.keys).take(['a'])).toEqual([aResult('a')]);
});

test('a front door that comes back while its answer is being stored hears of it', async () => {
  const { onFrame, all } = collect(1);
  const { redis, keys, source } = context;
  const stored = new StoredReplies(redis, keys);
  const store = stored.store.bind(stored);
  vi.spyOn(stored, 'store').mockImplementation(async (frames) => {
    await listen('f-1', onFrame);
    await store(frames);
  });
  new Replies(redis, keys, stored, source.logger).send(to('f-1'), aResult('a'));
  expect(await all).toEqual([aResult('a')]);
});

test('a flush waits until Redis has all of it', async () => {
  const { onFrame, all } = collect(2);
  await listen('f-1', onFrame);
  const out = replies();
  out.send(to('f-1'), aResult('a'));
  const flushed = out.flush();
  out.send(to('f-1'), aResult('b'));
  await Promise.all([flushed, out.flush()]);
  expect(await all).toHaveLength(2);
});

test('a call whose answer cannot be handled does not cost the others theirs', async () => {
  const { onFrame, all } = collect(1);
  await listen('f-1', (frame) => {
    if (frame.call === 'bad') throw new Error('cannot be handled');
    onFrame(frame);
  });
  const out = replies();
  for (const call of ['bad', 'good']) out.send(to('f-1'), aResult(call));
  expect(await all).toEqual([aResult('good')]);
});

test('each front door gets its frames in the version that it reads', async () => {
  const messages: string[] = [];
  vi.spyOn(context.redis, 'publish').mockImplementation(async (_channel, message) =>
    messages.push(`${message}`),
  );
  const out = replies();
  out.send(to('f-1', 1), aResult('a'));
  out.send(to('f-2'), aResult('b'));
  await out.flush();
  expect(messages).toEqual([encodeFrames([aResult('a')], 1), encodeFrames([aResult('b')])]);
});

test('an answer that is stored keeps the version that its front door reads', async () => {
  const out = replies();
  out.send(to('f-gone', 1), aResult('a'));
  await out.flush();
  const { redis, keys } = context;
  expect(await redis.get(keys.storedReply('a'))).toBe(encodeFrames([aResult('a')], 1));
  expect(await new StoredReplies(redis, keys, 1).take(['a'])).toEqual([aResult('a')]);
});

test('a message of another version is passed over', async () => {
  const { onFrame, all } = collect(1);
  await listen('f-1', onFrame);
  await context.redis.publish(context.keys.replies('f-1'), '[99]\n');
  replies().send(to('f-1'), aResult('a'));
  expect(await all).toEqual([aResult('a')]);
});

test('after Redis was away the channel stands again, and says so', async () => {
  const resumed = Promise.withResolvers<void>();
  const { onFrame, all } = collect(1);
  await listen('f-1', onFrame, resumed.resolve);
  await context.dropSubscribers();
  await resumed.promise;
  replies().send(to('f-1'), aResult('a'));
  expect(await all).toEqual([aResult('a')]);
});

test('once stopped it hears nothing', async () => {
  const onFrame = vi.fn();
  await listen('f-1', onFrame);
  await channels.pop()?.stop();
  const probe = context.redis.duplicate();
  await probe.subscribe(context.keys.replies('f-1'));
  const heard = once(probe, 'message');
  replies().send(to('f-1'), aResult('a'));
  await heard;
  probe.disconnect();
  expect(onFrame).not.toHaveBeenCalled();
});
