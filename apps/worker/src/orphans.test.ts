import { TaskProgress, TaskStore, TaskTable } from '@millrace/broker';
import { ANONYMOUS, type Call, type MillraceError } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { useTestRedis } from '../../../libs/broker/src/testing/test-redis.ts';
import { Orphans } from './orphans.ts';
import { RunningCall } from './running-call.ts';
import { RunningCalls } from './running-calls.ts';
import { aCall } from './testing/running.ts';

const context = useTestRedis();

function setUp() {
  const { redis, keys, source } = context;
  const table = new TaskTable(redis, keys);
  const running = new RunningCalls();
  const orphans = new Orphans({ running, progress: new TaskProgress(table), logger: source.logger });
  const begin = (id: string, overrides: Partial<Call> = {}, frontDoor = 'f-lost') => {
    const one = new RunningCall(aCall(id, overrides), () => undefined, 'w-1');
    running.begin(one, frontDoor);
    return one;
  };
  return { orphans, begin, store: new TaskStore(table) };
}

const CLAIM = { record: 'r', digest: 'd', owner: 'f-lost', ttlMs: 60_000 };
const plan = { principal: ANONYMOUS, call: 'c', pool: 'default', ttlMs: 60_000, pollIntervalMs: 1 };

test('the calls of a front door that died are stopped, those of others are not', async () => {
  const { orphans, begin } = setUp();
  const [orphan, other] = [begin('a'), begin('b', {}, 'f-alive')];
  await orphans.stop('f-lost');
  expect((orphan.abortReason as MillraceError).kind).toBe('outcome_unknown');
  expect(other.aborted).toBe(false);
});

test('what somebody can come back for goes on: by a task, a session, an idempotency key', async () => {
  const { orphans, begin, store } = setUp();
  await store.create({ ...plan, id: 't-1' });
  const kept = [
    begin('task', { task: 't-1' }),
    begin('session', { session: 's-1' }),
    begin('key', { idempotency: CLAIM }),
  ];
  await orphans.stop('f-lost');
  expect(kept.map(({ aborted }) => aborted)).toEqual([false, false, false]);
});

test('a call that had not become a task yet is stopped, and never becomes one', async () => {
  const { orphans, begin, store } = setUp();
  const orphan = begin('maybe', { task: 't-2' });
  await orphans.stop('f-lost');
  expect(orphan.aborted).toBe(true);
  expect(await store.create({ ...plan, id: 't-2' })).toBeUndefined();
});
