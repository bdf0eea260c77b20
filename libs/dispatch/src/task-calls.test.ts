import type { Dispatch, Dispatcher, Task, TaskPlan, TaskQueue, TaskStore } from '@millrace/broker';
import { type Call, type Frame, type JsonObject, MillraceError } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { beforeEach, expect, test, vi } from 'vitest';
import { TaskCalls, type TaskRoute } from './task-calls.ts';
import { aRequest, RecordingAnswer } from './testing/requests.ts';
import { aTask, SERVER, TAKES_TASKS } from './testing/tasks.ts';

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

const REQUIRED: TaskRoute = { mode: 'required' };
const PROMOTED: TaskRoute = { mode: 'optional', promoteAfterMs: 200 };

/** Makes calls of this kind, on a broker that only keeps account. */
function setUp({ envelope = 2, taken = false }: { envelope?: number; taken?: boolean } = {}) {
  const done: string[] = [];
  const calls: Call[] = [];
  let dispatched: Dispatch | undefined;
  const plans: TaskPlan[] = [];
  const queue = {
    add: async (call: Call, pool: string, idempotent: boolean) => {
      calls.push(call);
      done.push(`queued ${pool} ${idempotent}`);
    },
    stopWork: (_: string, call: string) => void done.push(`stopped ${call}`),
  };
  const tasks = new TaskCalls({
    store: {
      create: async (plan: TaskPlan): Promise<Task | undefined> => {
        plans.push(plan);
        done.push('created');
        return taken ? undefined : aTask({ ...plan, id: 't-1' });
      },
      cancel: async () => void done.push('cancelled'),
    } as unknown as TaskStore,
    queue: queue as unknown as TaskQueue,
    dispatcher: {
      dispatch: (dispatch: Dispatch) => {
        dispatched = dispatch;
        calls.push(dispatch.call);
        done.push('dispatched');
      },
      release: (call: string) => void done.push(`released ${call}`),
      cancel: (call: string) => void done.push(`given up ${call}`),
    } as unknown as Dispatcher,
    serverInfo: SERVER,
    ttlMs: 60_000,
    pollIntervalMs: 500,
    envelopeOf: () => envelope,
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  const answer = new RecordingAnswer();
  const begin = (route: TaskRoute, meta: JsonObject = TAKES_TASKS, session = false) => {
    const request = aRequest('tools/call', { _meta: meta }, session ? { era: 'session' } : {});
    const call: Call = {
      id: 'f-1.1',
      method: 'tools/call',
      target: 'tool',
      params: request.params,
      revision: request.revision,
      deadline: Date.now() + 1_000,
    };
    const listener = (frame: Frame) =>
      frame.kind === 'notification' ? answer.notification(frame.payload) : answer.result(frame.payload);
    return tasks.begin(request, route, { call, pool: 'p', idempotent: true, bytes: 1, listener }, answer);
  };
  const reply = (kind: 'result' | 'notification', payload: string) =>
    dispatched?.listener({ call: 'f-1.1', kind, payload, runMs: 1 } as Frame);
  return { begin, answer, done, calls, plans, reply, queue };
}

test('the client gets its handle when the task is in the store and on its queue', async () => {
  const { begin, answer, done, calls, plans } = setUp();
  await begin(REQUIRED);
  expect(done).toEqual(['created', 'queued p true']);
  expect(calls[0]?.task).toBe(plans[0]?.id);
  expect(calls[0]?.deadline).toBe(Date.now() + 60_000);
  const result = JSON.parse(answer.said[0]?.replace('result ', '') ?? '');
  expect(result).toMatchObject({ resultType: 'task', taskId: 't-1', status: 'working', ttlMs: 60_000 });
  expect(result).not.toHaveProperty('task');
});

test('a task whose tool may take longer than others lives longer', async () => {
  const { begin, plans } = setUp();
  await begin({ ...REQUIRED, timeoutMs: 90_000 });
  expect(plans[0]?.ttlMs).toBe(90_000);
});

test('a task that was not queued is no task', async () => {
  const { begin, answer, done, queue } = setUp();
  queue.add = () => Promise.reject(new MillraceError('broker_unavailable', 'away'));
  await expect(begin(REQUIRED)).rejects.toMatchObject({ kind: 'broker_unavailable' });
  expect([done, answer.said]).toEqual([['created', 'cancelled'], []]);
});

test('without the extension an optional task is an ordinary call, and a required one is refused', () => {
  const { begin, done } = setUp();
  expect(begin({ mode: 'optional' }, {})).toBeUndefined();
  expect(begin(PROMOTED, {})).toBeUndefined();
  expect(() => begin(REQUIRED, {})).toThrow(expect.objectContaining({ code: -32021 }));
  expect(() => begin(REQUIRED, TAKES_TASKS, true)).toThrow(expect.objectContaining({ code: -32021 }));
  expect(done).toEqual([]);
});

test('workers of an older release are given ordinary calls', () => {
  const { begin } = setUp({ envelope: 1 });
  expect(begin({ mode: 'optional' })).toBeUndefined();
});

test('a call that answers in time is an ordinary one', async () => {
  const { begin, answer, done, reply } = setUp();
  await begin(PROMOTED);
  await vi.advanceTimersByTimeAsync(199);
  reply('result', '{}');
  await vi.advanceTimersByTimeAsync(10_000);
  expect([done, answer.said]).toEqual([['dispatched'], ['result {}']]);
});

test('a call that still runs turns into a task, and is not waited for any more', async () => {
  const { begin, answer, done } = setUp();
  await begin(PROMOTED);
  await vi.advanceTimersByTimeAsync(200);
  expect(done).toEqual(['dispatched', 'created', 'released f-1.1']);
  expect(answer.said).toEqual([expect.stringContaining('"resultType":"task"')]);
  answer.leave();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(done).toHaveLength(3);
});

test('a call whose worker was faster than its promotion answers by itself', async () => {
  const { begin, answer, reply } = setUp({ taken: true });
  await begin(PROMOTED);
  await vi.advanceTimersByTimeAsync(200);
  reply('result', '{}');
  expect(answer.said).toEqual(['result {}']);
});

test('a call that streams stays a call, until its ordinary deadline', async () => {
  const { begin, answer, done, reply } = setUp();
  await begin(PROMOTED);
  reply('notification', '{"step":1}');
  await vi.advanceTimersByTimeAsync(999);
  expect(answer.said).toEqual(['notification {"step":1}']);
  await vi.advanceTimersByTimeAsync(1);
  expect(answer.said.at(-1)).toBe('fail 200 deadline_exceeded');
  expect(done).toEqual(['dispatched', 'given up f-1.1']);
});

test('a client that goes away before the promotion cancels the call', async () => {
  const { begin, answer, done } = setUp();
  await begin(PROMOTED);
  answer.leave();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(done).toEqual(['dispatched', 'given up f-1.1']);
});

test('a task that was made just when its client went away is cancelled', async () => {
  const { begin, answer, done } = setUp();
  await begin(PROMOTED);
  vi.advanceTimersByTime(200);
  answer.leave();
  await vi.advanceTimersByTimeAsync(0);
  expect(done).toEqual(['dispatched', 'created', 'given up f-1.1', 'cancelled', 'stopped f-1.1']);
});
