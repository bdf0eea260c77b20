import type { FoundTask, TaskStore } from '@millrace/broker';
import type { JsonObject } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { TaskMethods } from './task-methods.ts';
import { aRequest, RecordingAnswer } from './testing/requests.ts';
import { aTask, SERVER, TAKES_TASKS } from './testing/tasks.ts';

const META_OUT = { 'io.modelcontextprotocol/serverInfo': SERVER };
const TIMES = {
  createdAt: '1970-01-01T00:00:00.000Z',
  lastUpdatedAt: '1970-01-01T00:00:01.000Z',
  ttlMs: 60_000,
  pollIntervalMs: 500,
};

/** The methods on a store that knows this task alone. */
function setUp(found?: FoundTask) {
  const told: string[] = [];
  const known = <T>(id: string, value: T) => (found && id === found.task.id ? value : undefined);
  const store = {
    find: async (id: string) => known(id, found),
    answer: async (id: string, _: unknown, responses: JsonObject) =>
      known(id, [{ answerTo: 'w-1/f-1.1/1', answer: responses['a'] as JsonObject }]),
    cancel: async (id: string) => known(id, { task: found?.task, stop: found?.task.status === 'working' }),
  } as unknown as TaskStore;
  const workers = {
    stopWork: (pool: string, call: string) => void told.push(`stop ${pool} ${call}`),
    answer: (id: string, answer: JsonObject) => void told.push(`answer ${id} ${JSON.stringify(answer)}`),
  };
  const methods = new TaskMethods({ store, workers, serverInfo: SERVER });
  const ask = async (method: string, params: JsonObject, meta: JsonObject = TAKES_TASKS) => {
    const answer = new RecordingAnswer();
    await methods.byName.get(method)?.handle(aRequest(method, { ...params, _meta: meta }), answer);
    return JSON.parse(answer.said[0]?.replace('result ', '') ?? 'null');
  };
  return { ask, told, methods };
}

test('a task at work shows no more than its state', async () => {
  const { ask } = setUp({ task: aTask({ statusMessage: 'half way' }) });
  expect(await ask('tasks/get', { taskId: 't-1' })).toEqual({
    resultType: 'complete',
    taskId: 't-1',
    status: 'working',
    statusMessage: 'half way',
    ...TIMES,
    _meta: META_OUT,
  });
});

test('a task that waits for its client shows what it asks, and keeps to itself who waits', async () => {
  const question = { method: 'elicitation/create', params: { message: 'Sure?' } };
  const questions = { a: { ...question, answerTo: 'w-1/f-1.1/1' } };
  const { ask } = setUp({ task: aTask({ status: 'input_required', questions }) });
  const task = await ask('tasks/get', { taskId: 't-1' });
  expect(task).toMatchObject({ status: 'input_required', inputRequests: { a: question } });
  expect(JSON.stringify(task)).not.toContain('w-1');
});

test.each([
  ['completed', 'result', { content: [], isError: true }],
  ['failed', 'error', { code: -32603, message: 'no' }],
] as const)('a task that has %s carries its %s, in the answer and in the notification', async (...row) => {
  const [status, member, outcome] = row;
  const { ask, methods } = setUp({ task: aTask({ status }), outcome: JSON.stringify(outcome) });
  const task = await ask('tasks/get', { taskId: 't-1' });
  expect(task).toMatchObject({ resultType: 'complete', status, [member]: outcome });
  const notification = await methods.notification('t-1', aRequest('subscriptions/listen'));
  expect(notification).toEqual({ taskId: 't-1', status, ...TIMES, [member]: outcome });
  expect(await methods.notification('t-2', aRequest('subscriptions/listen'))).toBeUndefined();
});

test('answers go to the worker that waits for them, and are acknowledged', async () => {
  const { ask, told } = setUp({ task: aTask() });
  const params = { taskId: 't-1', inputResponses: { a: { action: 'accept' } } };
  expect(await ask('tasks/update', params)).toEqual({ resultType: 'complete', _meta: META_OUT });
  expect(told).toEqual(['answer w-1/f-1.1/1 {"action":"accept"}']);
});

test('cancelling stops the work of a task at work, and is acknowledged for any', async () => {
  const working = setUp({ task: aTask() });
  expect(await working.ask('tasks/cancel', { taskId: 't-1' })).toEqual({
    resultType: 'complete',
    _meta: META_OUT,
  });
  expect(working.told).toEqual(['stop default f-1.1']);
  const done = setUp({ task: aTask({ status: 'completed' }) });
  expect(await done.ask('tasks/cancel', { taskId: 't-1' })).toHaveProperty('resultType', 'complete');
  expect(done.told).toEqual([]);
});

test.each([
  ['an unknown task', { taskId: 't-2', inputResponses: {} }],
  ['no task', { inputResponses: {} }],
  ['a task that is no text', { taskId: 7, inputResponses: {} }],
])('%s is refused by all methods', async (_, params) => {
  const { ask } = setUp({ task: aTask() });
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    await expect(ask(method, params)).rejects.toMatchObject({ kind: 'invalid_params', code: -32602 });
  }
});

test('answers that are no object are refused', async () => {
  const { ask } = setUp({ task: aTask() });
  const wrong = ask('tasks/update', { taskId: 't-1', inputResponses: ['yes'] });
  await expect(wrong).rejects.toMatchObject({ kind: 'invalid_params' });
});

test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
  '%s is refused, even of an unknown task, to a client that does not declare the extension',
  async (method) => {
    const { ask } = setUp();
    await expect(ask(method, { taskId: 't-2' }, {})).rejects.toMatchObject({
      code: -32021,
      status: 400,
      members: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    });
  },
);
