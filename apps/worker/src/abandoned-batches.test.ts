import {
  DeadLetters,
  FinishedCalls,
  Replies,
  StoredReplies,
  TaskProgress,
  TaskStore,
  TaskTable,
} from '@millrace/broker';
import { ANONYMOUS, type Call, type Frame, type ReplyAddress } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { useTestRedis } from '../../../libs/broker/src/testing/test-redis.ts';
import { AbandonedBatches } from './abandoned-batches.ts';
import { aCall, endOf } from './testing/running.ts';

const context = useTestRedis();

class RecordingReplies extends Replies {
  readonly frames: Frame[] = [];

  override send(_to: ReplyAddress, frame: Frame): void {
    this.frames.push(frame);
  }
}

function setUp() {
  const { redis, keys, source } = context;
  const table = new TaskTable(redis, keys);
  const replies = new RecordingReplies(redis, keys, new StoredReplies(redis, keys), source.logger);
  const letters = new DeadLetters(redis, keys);
  const finished = new FinishedCalls(redis, keys);
  const progress = new TaskProgress(table);
  const abandoned = new AbandonedBatches({ pool: 'default', letters, finished, progress, replies });
  const bury = (calls: Call[]) =>
    abandoned.bury({
      job: 'default.1',
      batch: { replyTo: { frontDoor: 'f-1', version: 2 }, calls },
      deaths: 3,
      reason: 'each worker that had it was lost',
    });
  return { bury, letters, finished, replies, store: new TaskStore(table) };
}

test('the caller hears that the call was given up, how often, and where it is kept', async () => {
  const { bury, letters, replies } = setUp();
  await bury([aCall('f-1.1')]);
  const [frame] = replies.frames;
  const [letter] = (await letters.list('default')).letters;
  expect(JSON.parse(frame?.payload ?? '')).toMatchObject({
    code: -32004,
    data: {
      name: 'worker_lost',
      retryable: false,
      details: { target: 'echo', pool: 'default', deaths: 3, deadLetter: letter?.id },
    },
  });
});

test('each call that was not answered is kept', async () => {
  const { bury, letters, finished, replies } = setUp();
  await finished.mark('default.1', ['f-1.2']);
  await bury([aCall('f-1.1'), aCall('f-1.2'), aCall('f-1.3')]);
  const kept = (await letters.list('default')).letters;
  expect(kept.map(({ call, frontDoor, deaths }) => [call.id, frontDoor, deaths])).toEqual([
    ['f-1.1', 'f-1', 3],
    ['f-1.3', 'f-1', 3],
  ]);
  expect(replies.frames.map((frame) => [frame.call, endOf(frame)])).toEqual([
    ['f-1.1', 'worker_lost'],
    ['f-1.3', 'worker_lost'],
  ]);
});

test('a task fails, and nobody else is told', async () => {
  const { bury, store, replies } = setUp();
  const plan = { principal: ANONYMOUS, call: 'f-1.1', pool: 'default', ttlMs: 60_000, pollIntervalMs: 1 };
  await store.create({ ...plan, id: 't-1' });
  await bury([aCall('f-1.1', { task: 't-1' })]);
  const found = await store.find('t-1', ANONYMOUS);
  expect(found?.task.status).toBe('failed');
  expect(JSON.parse(found?.outcome ?? '')).toMatchObject({ code: -32004, data: { name: 'worker_lost' } });
  expect(replies.frames).toEqual([]);
});
