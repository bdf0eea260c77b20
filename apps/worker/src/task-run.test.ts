import { TaskProgress, TaskStore, TaskTable } from '@millrace/broker';
import { ANONYMOUS, ERROR_META_KEY, type Frame, MillraceError } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { useTestRedis } from '../../../libs/broker/src/testing/test-redis.ts';
import { BatchTasks } from './batch-tasks.ts';
import { RunningCall } from './running-call.ts';
import { aCall } from './testing/running.ts';

const context = useTestRedis();

/** A call that may be a task; it is one as soon as the store has it. */
function setUp({ retried = false } = {}) {
  const { redis, keys, source } = context;
  const table = new TaskTable(redis, keys);
  const store = new TaskStore(table);
  const progress = new TaskProgress(table);
  const frames: Frame[] = [];
  const call = aCall('f-1.1', { task: 't-1', deadline: Date.now() + 60_000 });
  const tasks = new BatchTasks({ progress, retried, logger: source.logger });
  const task = tasks.open(call, (frame) => void frames.push(frame));
  if (!task) throw new Error('the call is no task');
  const running = new RunningCall(call, (frame) => task.send(frame), 'w-1', task);
  const plan = { principal: ANONYMOUS, call: call.id, pool: 'default', ttlMs: 60_000, pollIntervalMs: 1 };
  const create = () => store.create({ ...plan, id: 't-1' });
  const find = () => store.find('t-1', ANONYMOUS);
  const answer = async (key: string, text: string) =>
    (await store.answer('t-1', ANONYMOUS, { [key]: { text } })) ?? [];
  return { tasks, task, running, frames, create, find, answer, store, progress };
}

const failure = (retryable: boolean) => ({ name: 'tool_error', message: 'busy', retryable });
const toolFailure = (retryable: boolean) =>
  JSON.stringify({ content: [], isError: true, _meta: { [ERROR_META_KEY]: failure(retryable) } });

test('an ordinary call is none of its business', () => {
  const { tasks } = setUp();
  expect(tasks.open(aCall('c-1'), () => undefined)).toBeUndefined();
});

test('what a task ends with goes into the store and to nobody else', async () => {
  const { tasks, running, frames, create, find } = setUp();
  await create();
  running.end('result', '{"content":[]}', 5);
  expect(await tasks.end()).toBe(false);
  expect(await find()).toMatchObject({ task: { status: 'completed' }, outcome: '{"content":[]}' });
  expect(frames).toEqual([]);
});

test('a call that is no task (yet) sends what an ordinary call sends, and never becomes one', async () => {
  const { task, tasks, running, frames, create } = setUp();
  expect(await task.begin()).toBe(true);
  running.notify('notifications/progress', { progress: 1 });
  running.end('result', '{}', 5);
  await tasks.end();
  expect(frames.map(({ kind }) => kind)).toEqual(['notification', 'result']);
  expect(await create()).toBeUndefined();
});

test('notifications of a task go nowhere', async () => {
  const { task, running, frames, create } = setUp();
  await create();
  await task.begin();
  running.notify('notifications/progress', { progress: 1 });
  expect(frames).toEqual([]);
});

test('a task that was cancelled before it came is not begun', async () => {
  const { task, create, store } = setUp();
  await create();
  await store.cancel('t-1', ANONYMOUS);
  expect(await task.begin()).toBe(false);
});

test('a task asks its client and goes on with the answer', async () => {
  const { running, create, find, answer } = setUp();
  await create();
  expect(await running.live).toBe(true);
  const asked = running.request('elicitation/create', { message: 'Sure?' }, 'input-1');
  await expect.poll(async () => (await find())?.task.status).toBe('input_required');
  const [told] = await answer('input-1', 'yes');
  expect(told?.answerTo).toBe('w-1/f-1.1/1');
  expect(running.answer({ id: told?.answerTo ?? '', result: told?.answer })).toBe(true);
  expect(await asked).toEqual({ text: 'yes' });
});

test('what was answered before is not asked again', async () => {
  const { running, create, progress, answer } = setUp();
  await create();
  await progress.ask('t-1', 'input-1', { method: 'x', params: {}, answerTo: 'w-0/f-1.1/1' });
  await answer('input-1', 'earlier');
  expect(await running.request('x', {}, 'input-1')).toEqual({ text: 'earlier' });
});

test('a question ends with its call', async () => {
  const { running, create, find } = setUp();
  await create();
  const asked = running.request('x', {}, 'input-1');
  await expect.poll(async () => (await find())?.task.status).toBe('input_required');
  running.abort(new MillraceError('cancelled', 'The call was cancelled'));
  await expect(asked).rejects.toMatchObject({ kind: 'cancelled' });
});

test('a call that asks before it is a task stays an ordinary one', async () => {
  const { running, create } = setUp();
  expect(await running.live).toBe(false);
  expect(await create()).toBeUndefined();
});

test('a call that became a task in mid-run asks as a task', async () => {
  const { task, running, create } = setUp();
  await task.begin();
  await create();
  expect(await running.live).toBe(true);
});

test('a status is told to the client', async () => {
  const { running, create, find } = setUp();
  await create();
  running.status('half way');
  await expect.poll(async () => (await find())?.task.statusMessage).toBe('half way');
});

test.each([
  ['error', JSON.stringify({ code: -32603, message: 'busy', data: failure(true) })],
  ['result', toolFailure(true)],
] as const)('a failure as %s that another try may help makes the batch come again', async (kind, payload) => {
  const { tasks, running, create, find } = setUp({ retried: true });
  await create();
  running.end(kind, payload, 5);
  expect(await tasks.end()).toBe(true);
  const statusMessage = 'To be tried again after: busy';
  expect(await find()).toMatchObject({ task: { status: 'working', statusMessage } });
});

test.each([
  ['the last try', false, toolFailure(true)],
  ['a failure that stays', true, toolFailure(false)],
  ['a result', true, '{"content":[]}'],
])('%s ends the task', async (_, retried, payload) => {
  const { tasks, running, create, find } = setUp({ retried });
  await create();
  running.end('result', payload, 5);
  expect(await tasks.end()).toBe(false);
  expect(await find()).toMatchObject({ task: { status: 'completed' }, outcome: payload });
});

test('a call that is no task is not tried again: its client waits', async () => {
  const { tasks, running, frames } = setUp({ retried: true });
  running.end('result', toolFailure(true), 5);
  expect([await tasks.end(), frames.length]).toEqual([false, 1]);
});
