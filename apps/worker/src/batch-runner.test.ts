import { setImmediate as turn } from 'node:timers/promises';
import {
  Claims,
  type Delivery,
  FinishedCalls,
  Replies,
  StoredReplies,
  TaskProgress,
  TaskTable,
} from '@millrace/broker';
import { type Call, type Frame, type JsonObject, MillraceError, type ReplyAddress } from '@millrace/protocol';
import { Slots } from '@millrace/resilience';
import { type CallContext, createCallContext, type Registry, type Target } from '@millrace/toolkit';
import { describe, expect, test, vi } from 'vitest';
import { HeldLock } from '../../../libs/broker/src/locks.ts';
import { useTestRedis } from '../../../libs/broker/src/testing/test-redis.ts';
import { BatchRunner } from './batch-runner.ts';
import { CallRunner } from './call-runner.ts';
import { RunningCalls } from './running-calls.ts';
import { aCall, endOf } from './testing/running.ts';
import { ToolBatches } from './tool-batches.ts';

const context = useTestRedis();

/** Keeps what is sent to front doors instead of publishing it. */
class RecordingReplies extends Replies {
  readonly frames: Frame[] = [];

  override send(_to: ReplyAddress, frame: Frame): void {
    this.frames.push(frame);
  }
}

type Run = (call: Call, context: CallContext) => Promise<JsonObject>;

interface Setting {
  readonly slots?: number;
  readonly run?: Run;
  readonly worker?: string;
}

/** A worker whose targets are `safe`, which may run twice, and `once`, which may not. */
function setUp({ slots = 4, run = async () => ({}), worker = 'w-1' }: Setting = {}) {
  const { redis, keys, source } = context;
  const ran: string[] = [];
  const target = (idempotent: boolean): Target => ({
    pool: 'default',
    idempotent,
    run: (call, callContext) => {
      ran.push(call.id);
      return run(call, callContext);
    },
  });
  const targets = new Map([
    ['safe', target(true)],
    ['once', target(false)],
  ]);
  const replies = new RecordingReplies(redis, keys, new StoredReplies(redis, keys), source.logger);
  const options = {
    worker,
    registry: { find: ({ target }: Call) => targets.get(target) } as unknown as Registry,
    runner: new CallRunner({
      serverInfo: { name: 'millrace', version: '0.1.0' },
      createContext: (call, sink) => createCallContext(call, sink),
      middleware: () => [],
      logger: source.logger,
    }),
    running: new RunningCalls(),
    slots: new Slots(slots),
    toolBatches: new ToolBatches({ slots: new Slots(1), onSlots: vi.fn(), policyOf: () => undefined }),
    claims: new Claims(redis, keys, worker),
    finished: new FinishedCalls(redis, keys),
    replies,
    progress: new TaskProgress(new TaskTable(redis, keys)),
    logger: source.logger,
    onSlots: vi.fn(),
    onExpired: vi.fn(),
  };
  const ends = () => Object.fromEntries(replies.frames.map((frame) => [frame.call, endOf(frame)] as const));
  return { ...options, batches: new BatchRunner(options), ran, ends };
}

/** A batch of calls given as `id:target`. */
function aDelivery(calls: readonly (string | Call)[], redelivered = false): Delivery {
  const made = calls.map((call) => {
    if (typeof call !== 'string') return call;
    const [id = '', target = 'safe'] = call.split(':');
    return aCall(id, { target });
  });
  return {
    job: 'default.1',
    pool: 'default',
    batch: { replyTo: { frontDoor: 'f-1', version: 1 }, calls: made },
    redelivered,
    deaths: redelivered ? 1 : 0,
    retried: false,
    lock: new HeldLock('1', 'token', 0),
    putBack: vi.fn(async () => undefined),
    sendApart: vi.fn(async () => undefined),
  };
}

test('every call of a batch is run and answered', async () => {
  const { batches, ends, running, slots } = setUp();
  await batches.run(aDelivery(['a', 'b:once', 'c']));
  expect(ends()).toEqual({ a: 'result', b: 'result', c: 'result' });
  expect([running.size, slots.used]).toEqual([0, 0]);
});

test('no more calls run at a time than there are slots', async () => {
  let now = 0;
  let most = 0;
  const run: Run = async () => {
    now += 1;
    most = Math.max(most, now);
    await turn();
    now -= 1;
    return {};
  };
  const { batches, ran } = setUp({ slots: 2, run });
  await batches.run(aDelivery(['a', 'b:once', 'c', 'd', 'e:once']));
  expect([most, ran.length]).toEqual([2, 5]);
});

test('nobody works on a call past its deadline', async () => {
  const { batches, ran, ends, onExpired } = setUp();
  await batches.run(aDelivery([aCall('late', { target: 'safe', deadline: Date.now() - 1 }), 'a']));
  expect([ran, ends()]).toEqual([['a'], { a: 'result' }]);
  expect(onExpired.mock.calls).toEqual([['default']]);
});

test('a call that was cancelled before it came is not run', async () => {
  const { batches, running, ran } = setUp();
  running.cancel('a');
  await batches.run(aDelivery(['a', 'b']));
  expect(ran).toEqual(['b']);
});

test('a call that is cancelled while it waits for a slot is not run', async () => {
  const gate = Promise.withResolvers<JsonObject>();
  const { batches, running, ran } = setUp({ slots: 1, run: () => gate.promise });
  const done = batches.run(aDelivery(['a', 'b']));
  await vi.waitUntil(() => ran.length === 1);
  running.cancel('b');
  gate.resolve({});
  await done;
  expect(ran).toEqual(['a']);
});

test('a call for something that is not served here is answered with that', async () => {
  const { batches, ends } = setUp();
  await batches.run(aDelivery(['a:nothing', aCall('b', { method: 'prompts/get', target: 'nothing' })]));
  expect(ends()).toEqual({ a: 'unknown_tool', b: 'unknown_prompt' });
});

test('when a batch comes again, a call that may run twice does', async () => {
  await setUp().batches.run(aDelivery(['a']));
  const second = setUp({ worker: 'w-2' });
  await second.batches.run(aDelivery(['a'], true));
  expect(second.ran).toEqual(['a']);
});

test('when a batch comes again, a call that was begun and may not run twice is answered with that', async () => {
  await new Claims(context.redis, context.keys, 'w-lost').take([{ call: 'a', deadline: Date.now() + 1_000 }]);
  const { batches, ran, ends, running } = setUp({ worker: 'w-2' });
  await batches.run(aDelivery(['a:once', 'b:once'], true));
  expect([ran, ends()]).toEqual([['b'], { a: 'worker_lost', b: 'result' }]);
  expect(running.size).toBe(0);
});

test('when a batch comes again, calls that were answered are neither run nor answered again', async () => {
  await new FinishedCalls(context.redis, context.keys).mark('default.1', ['a', 'b']);
  const { batches, ran, ends } = setUp();
  await batches.run(aDelivery(['a', 'b:once', 'c'], true));
  expect([ran, ends()]).toEqual([['c'], { c: 'result' }]);
  expect(await context.redis.exists(context.keys.finished('default.1'))).toBe(0);
});

test('a call that another worker has claimed is left to it', async () => {
  await new Claims(context.redis, context.keys, 'w-other').take([
    { call: 'a', deadline: Date.now() + 1_000 },
  ]);
  const { batches, ran, ends } = setUp();
  await batches.run(aDelivery(['a:once']));
  expect([ran, ends()]).toEqual([[], {}]);
});

test('what cannot be claimed does not run, and says so', async () => {
  const { batches, claims, ran, ends, running } = setUp();
  vi.spyOn(claims, 'take').mockRejectedValue(new Error('OOM command not allowed'));
  await batches.run(aDelivery(['a:once', 'b']));
  expect([ran, ends()]).toEqual([['b'], { a: 'broker_unavailable', b: 'result' }]);
  expect(running.size).toBe(0);
});

test('calls that end while others go on are marked; a batch that is done leaves no mark', async () => {
  const gate = Promise.withResolvers<JsonObject>();
  const { batches, finished } = setUp({ run: async ({ id }) => (id === 'slow' ? gate.promise : {}) });
  const done = batches.run(aDelivery(['slow', 'fast']));
  await vi.waitUntil(async () => (await finished.of('default.1')).has('fast'));
  gate.resolve({});
  await done;
  expect((await finished.of('default.1')).size).toBe(0);
});

test('one call that fails does not disturb the others', async () => {
  const run: Run = async ({ id }) => {
    if (id === 'bad') throw new MillraceError('invalid_params', 'bad');
    return {};
  };
  const { batches, ends } = setUp({ run });
  await batches.run(aDelivery(['bad', 'good']));
  expect(ends()).toEqual({ bad: 'invalid_params', good: 'result' });
});

test('what finds no slot for a while is put back, unclaimed, for another worker to run', async () => {
  const gate = Promise.withResolvers<JsonObject>();
  const { batches, ran, running, claims } = setUp({ slots: 1, run: () => gate.promise });
  const delivery = aDelivery(['slow', 'b', 'c:once']);
  const done = batches.run(delivery);
  await vi.waitUntil(() => vi.mocked(delivery.putBack).mock.calls.length === 2);
  expect(
    vi
      .mocked(delivery.putBack)
      .mock.calls.map(([call]) => call.id)
      .sort(),
  ).toEqual(['b', 'c']);
  await vi.waitUntil(() => running.size === 1);
  expect(await claims.take([{ call: 'c', deadline: Date.now() }])).toEqual(new Set(['c']));
  gate.resolve({});
  await done;
  expect(ran).toEqual(['slow']);
});

test('when a batch comes again, its calls go on alone, since one of them may have killed its worker', async () => {
  const { batches, ran, running } = setUp();
  const delivery = aDelivery(['a', 'b', 'c:once'], true);
  await batches.run(delivery);
  expect(vi.mocked(delivery.sendApart).mock.calls.map(([call]) => call.id)).toEqual(['a', 'b']);
  expect([ran, running.size]).toEqual([['c'], 0]);
});

describe('when the lock of a batch is lost', () => {
  const never: Run = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  test('its calls are stopped, and nothing is said of them', async () => {
    const { batches, ran, ends, running, slots } = setUp({ run: never });
    const delivery = aDelivery(['a', 'b:once']);
    const done = batches.run(delivery);
    await vi.waitUntil(() => ran.length === 2);
    (delivery.lock as HeldLock).lose();
    await done;
    expect([ends(), running.size, slots.used]).toEqual([{}, 0, 0]);
  });

  test('calls that ended here are not marked, since they may have ended otherwise elsewhere', async () => {
    const { batches, ran, finished } = setUp({ run: never });
    const delivery = aDelivery(['a', 'b']);
    const done = batches.run(delivery);
    await vi.waitUntil(() => ran.length === 2);
    (delivery.lock as HeldLock).lose();
    await done;
    expect((await finished.of('default.1')).size).toBe(0);
  });

  test('before its calls began, none of them does', async () => {
    const { batches, ran } = setUp();
    const delivery = aDelivery(['a', 'b:once']);
    (delivery.lock as HeldLock).lose();
    await batches.run(delivery);
    expect(ran).toEqual([]);
  });
});
