import { type Batch, ENVELOPE_VERSION, type Frame } from '@millrace/protocol';
import { afterEach, expect, test } from 'vitest';
import { CancellationListener } from './cancellations.ts';
import type { Delivery } from './delivery.ts';
import type { Dispatch } from './dispatch.ts';
import { Dispatcher } from './dispatcher.ts';
import { Intake } from './intake.ts';
import { startPrivateRedis } from './local-redis.ts';
import type { RedisSource } from './redis-source.ts';
import { Replies } from './replies.ts';
import { StoredReplies } from './stored-replies.ts';
import { Answer, aCall, aResult } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const services: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const service of services.splice(0).reverse()) await service.stop();
});

async function startDispatcher(source: RedisSource = context.source, frontDoor = 'f-1'): Promise<Dispatcher> {
  const dispatcher = new Dispatcher({ source, keys: context.keys, frontDoor, slotsOf: () => 4 });
  services.push(dispatcher);
  await dispatcher.start();
  return dispatcher;
}

/** A worker's side whose calls are answered with their own id, or by `work`. */
async function startIntake(work?: (delivery: Delivery, replies: Replies) => Promise<void> | void) {
  const { source, keys, redis } = context;
  const replies = new Replies(redis, keys, new StoredReplies(redis, keys), source.logger);
  const onDelivery = async (delivery: Delivery) => {
    if (work) await work(delivery, replies);
    else
      for (const { id } of delivery.batch.calls) replies.send(delivery.batch.replyTo, aResult(id, `"${id}"`));
    await replies.flush();
  };
  const intake = new Intake({ source, keys, pool: 'default', lockMs: 5_000, freeSlots: () => 4, onDelivery });
  services.push(intake);
  await intake.start();
}

function aDispatch(id: string, answer: Answer, overrides: Partial<Dispatch> = {}): Dispatch {
  const { listener } = answer;
  return { call: aCall(id), pool: 'default', idempotent: true, bytes: 10, listener, ...overrides };
}

function send(dispatcher: Dispatcher, id: string, overrides: Partial<Dispatch> = {}): Answer {
  const answer = new Answer();
  dispatcher.dispatch(aDispatch(id, answer, overrides));
  return answer;
}

test('calls go to a worker and come back, each with its own answer', async () => {
  await startIntake();
  const dispatcher = await startDispatcher();
  const answers = ['a', 'b', 'c'].map((id) => send(dispatcher, id));
  expect(dispatcher.pending).toBe(3);
  const ends = await Promise.all(answers.map((answer) => answer.end));
  expect(ends.map(({ payload }) => payload)).toEqual(['"a"', '"b"', '"c"']);
  expect(dispatcher.pending).toBe(0);
});

test('calls of one moment travel as one batch, which says where the answers go', async () => {
  const batches: Batch[] = [];
  await startIntake(({ batch }, replies) => {
    batches.push(batch);
    for (const { id } of batch.calls) replies.send(batch.replyTo, aResult(id));
  });
  const dispatcher = await startDispatcher();
  await Promise.all(['a', 'b'].map((id) => send(dispatcher, id).end));
  const replyTo = { frontDoor: 'f-1', version: ENVELOPE_VERSION };
  expect(batches).toMatchObject([{ replyTo, calls: [{ id: 'a' }, { id: 'b' }] }]);
});

test('calls for a pool with an older worker go out in the version that it reads, and are answered in it', async () => {
  const { source, keys } = context;
  const versions: number[] = [];
  await startIntake(({ batch }, replies) => {
    versions.push(batch.replyTo.version);
    for (const { id } of batch.calls) replies.send(batch.replyTo, aResult(id));
  });
  const dispatcher = new Dispatcher({
    source,
    keys,
    frontDoor: 'f-1',
    slotsOf: () => 4,
    envelopeOf: () => 1,
  });
  services.push(dispatcher);
  await dispatcher.start();
  await send(dispatcher, 'a').end;
  expect(versions).toEqual([1]);
});

test('two front doors share a queue, and each gets its own answers', async () => {
  await startIntake();
  const one = await startDispatcher(context.source, 'f-1');
  const two = await startDispatcher(context.source, 'f-2');
  const answers = [send(one, 'a'), send(two, 'b')];
  expect((await Promise.all(answers.map(({ end }) => end))).map(({ payload }) => payload)).toEqual([
    '"a"',
    '"b"',
  ]);
});

test('notifications come before the result', async () => {
  await startIntake(({ batch }, replies) => {
    for (const { id } of batch.calls) {
      const progress: Frame = { call: id, kind: 'notification', payload: 'half' };
      for (const frame of [progress, aResult(id, 'whole')]) replies.send(batch.replyTo, frame);
    }
  });
  const answer = send(await startDispatcher(), 'a');
  await answer.end;
  expect(answer.frames).toEqual(['half', 'whole']);
});

test('a cancelled call gets no answer, and its worker is told', async () => {
  const { source, keys } = context;
  const cancelled = Promise.withResolvers<string>();
  const listener = new CancellationListener({
    source,
    keys,
    pools: ['default'],
    onCancelled: cancelled.resolve,
  });
  services.push(listener);
  await listener.start();
  const dispatcher = await startDispatcher();
  const answer = send(dispatcher, 'a');
  dispatcher.cancel('a');
  expect(await cancelled.promise).toBe('a');
  expect([dispatcher.pending, answer.frames]).toEqual([0, []]);
});

test('a call at its deadline ends, and its worker is told', async () => {
  const { source, keys } = context;
  const cancelled = Promise.withResolvers<string>();
  const listener = new CancellationListener({
    source,
    keys,
    pools: ['default'],
    onCancelled: cancelled.resolve,
  });
  services.push(listener);
  await listener.start();
  const answer = send(await startDispatcher(), 'a', { call: aCall('a', { deadline: Date.now() + 50 }) });
  expect(await answer.errorName()).toBe('deadline_exceeded');
  expect(await cancelled.promise).toBe('a');
});

/** A call that a worker took and does not answer. */
async function sendUnanswered(): Promise<Answer> {
  const taken = Promise.withResolvers<void>();
  await startIntake(() => taken.resolve());
  const answer = send(await startDispatcher(), 'a');
  await taken.promise;
  return answer;
}

test('an answer that came while the front door was not listening is read when it is back', async () => {
  const answer = await sendUnanswered();
  await new StoredReplies(context.redis, context.keys).store([aResult('a', '"stored"')]);
  await context.dropSubscribers();
  expect((await answer.end).payload).toBe('"stored"');
});

test('that holds when the channel comes back before the connection for commands', async () => {
  const answer = await sendUnanswered();
  await new StoredReplies(context.redis, context.keys).store([aResult('a', '"stored"')]);
  await context.redis.call('CLIENT', 'KILL', 'SKIPME', 'yes', 'TYPE', 'normal');
  await context.dropSubscribers();
  expect((await answer.end).payload).toBe('"stored"');
});

test('all that wait are told when the front door stops', async () => {
  const dispatcher = await startDispatcher();
  const answer = send(dispatcher, 'a');
  await dispatcher.stop();
  expect(await answer.errorName()).toBe('shutting_down');
});

test('while Redis is away a call fails at once, and all goes on when it is back', async () => {
  const server = await startPrivateRedis();
  const port = Number(new URL(server.url).port);
  const dispatcher = await startDispatcher({ ...context.source, url: server.url });
  await server.stop();
  const answer = send(dispatcher, 'a');
  expect(await answer.errorName()).toBe('broker_unavailable');
  expect(dispatcher.connected).toBe(false);

  const again = await startPrivateRedis({ port });
  services.unshift(again);
  // The queue of this pool was first used while Redis was away.
  const { source, keys } = context;
  const delivered = Promise.withResolvers<Delivery>();
  const intake = new Intake({
    source: { ...source, url: again.url },
    keys,
    pool: 'default',
    lockMs: 5_000,
    freeSlots: () => 1,
    onDelivery: async (delivery) => delivered.resolve(delivery),
  });
  services.push(intake);
  await intake.start();
  while (!dispatcher.connected) await new Promise(setImmediate);
  send(dispatcher, 'b');
  expect((await delivered.promise).batch.calls).toMatchObject([{ id: 'b' }]);
});
