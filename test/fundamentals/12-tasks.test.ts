import { disconnect, Keys, TaskStore, TaskTable } from '@millrace/broker';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { answerTask, askTask, callTool, getTask, startTask, TASKS_META, taskIs } from '../support/tasks.ts';
import { eventsOf, modernRequest, send, toolCall } from '../support/wire.ts';

/**
 * The Tasks extension: a client that takes tasks gets a handle instead of an answer and asks for the task by it, at
 * any front door. The task lives in Redis: neither the front door that made it nor the worker that runs it has to stay.
 */
const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['tasks'],
  workerEnv: { MILLRACE_LOCK_MS: '1000', MILLRACE_SLOTS: '2' },
  frontDoorEnv: { MILLRACE_TASK_ATTEMPTS: '4', MILLRACE_TASK_BACKOFF_MS: '100', MILLRACE_TASK_POLL_MS: '50' },
});
afterAll(() => cluster.stop());

const [here = '', there = ''] = cluster.urls;
const text = (text: string) => [{ type: 'text', text }];
const startsOf = (key: string) =>
  cluster.workers.flatMap((worker) => worker.logs.having('started', { key })).length;

test('a call becomes a task, which every front door finds at once and until its end', async () => {
  const { result } = await callTool(here, 'work', { key: 'plain' });
  expect(result).toEqual({
    resultType: 'task',
    taskId: expect.any(String),
    status: 'working',
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    lastUpdatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    ttlMs: 3_600_000,
    pollIntervalMs: 50,
    _meta: expect.anything(),
  });
  const id = String(result?.['taskId']);
  expect(await getTask(there, id)).toMatchObject({ taskId: id, status: 'working' });
  await cluster.logged('started', { key: 'plain' });
  await expect.poll(() => getTask(there, id)).toMatchObject({ statusMessage: 'plain is on its way' });
  cluster.release('plain');
  const done = await taskIs(there, id, 'completed');
  expect(done).toMatchObject({ resultType: 'complete', result: { content: text('plain is done') } });
});

test('a client that takes no tasks gets a plain answer, or hears what it has to declare', async () => {
  cluster.release('sync');
  const plain = await send(here, toolCall('maybe_long', { key: 'sync' }));
  expect(plain.message.result).toMatchObject({ resultType: 'complete', content: text('sync is done') });
  for (const refused of [
    toolCall('work', { key: 'never' }),
    modernRequest('tasks/get', { taskId: 'any' }),
    modernRequest('tasks/update', { taskId: 'any', inputResponses: {} }),
    modernRequest('tasks/cancel', { taskId: 'any' }),
  ]) {
    const { status, message } = await send(here, refused);
    const requiredCapabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    expect([status, message.error]).toMatchObject([400, { code: -32021, data: { requiredCapabilities } }]);
  }
});

test('a call that answers soon stays a call; one that takes long turns into a task and is not run again', async () => {
  cluster.release('short');
  expect((await callTool(here, 'maybe_long', { key: 'short' })).result).toMatchObject({
    resultType: 'complete',
  });
  const id = await startTask(here, 'maybe_long', { key: 'long' });
  cluster.release('long');
  const done = await taskIs(there, id, 'completed');
  expect(done['result']).toMatchObject({ content: text('long is done') });
  expect(startsOf('long')).toBe(1);
});

test('the client answers questions in mid-task, one after the other', async () => {
  const id = await startTask(here, 'confirm', { key: 'asks' });
  const waiting = await taskIs(there, id, 'input_required');
  await expect
    .poll(async () => Object.keys((await getTask(here, id))['inputRequests'] as object).sort())
    .toEqual(['first', 'second']);
  expect(waiting['inputRequests']).toMatchObject({ first: { method: 'elicitation/create' } });
  await answerTask(there, id, { first: { action: 'accept', content: { ok: true } }, unheard: {} });
  const half = await getTask(here, id);
  expect([half['status'], Object.keys(half['inputRequests'] as object)]).toEqual([
    'input_required',
    ['second'],
  ]);
  await answerTask(here, id, { second: { action: 'decline' } });
  await cluster.logged('started', { key: 'asks' });
  expect(await getTask(here, id)).toMatchObject({ status: 'working' });
  cluster.release('asks');
  const done = await taskIs(here, id, 'completed');
  expect(done['result']).toMatchObject({ content: text('accept and decline') });
});

test('tasks that wait for their clients leave their slots to others', async () => {
  const keys = ['p', 'q', 'r', 's', 't'];
  const ids = await Promise.all(keys.map((key) => startTask(here, 'confirm', { key })));
  await Promise.all(ids.map((id) => taskIs(here, id, 'input_required')));
  cluster.release('quick');
  const quick = await startTask(here, 'work', { key: 'quick' });
  await taskIs(there, quick, 'completed');
  for (const key of keys) cluster.release(key);
  const yes = { action: 'accept', content: { ok: true } };
  await Promise.all(ids.map((id) => answerTask(there, id, { first: yes, second: yes })));
  await Promise.all(ids.map((id) => taskIs(here, id, 'completed')));
});

test('a call asks by its answer while it is no task, and by the task once it is one', async () => {
  cluster.release('early');
  const early = await callTool(here, 'maybe_asks', { key: 'early' });
  expect(early.result).toMatchObject({
    resultType: 'input_required',
    inputRequests: { 'input-1': { method: 'elicitation/create' } },
  });
  const id = await startTask(here, 'maybe_asks', { key: 'late' });
  cluster.release('late');
  await taskIs(there, id, 'input_required');
  await answerTask(there, id, { 'input-1': { action: 'accept', content: { ok: true } } });
  const done = await taskIs(here, id, 'completed');
  expect(done['result']).toMatchObject({ content: text('the user said accept') });
  expect(startsOf('late')).toBe(1);
});

test('cancelling stops the work, wherever it is asked for, and is done once', async () => {
  const id = await startTask(here, 'work', { key: 'unwanted' });
  await cluster.logged('started', { key: 'unwanted' });
  for (const url of [there, here]) {
    const { result } = await askTask(url, 'tasks/cancel', { taskId: id });
    expect(result).toEqual({ resultType: 'complete', _meta: expect.anything() });
  }
  await cluster.logged('aborted', { key: 'unwanted' });
  expect(await getTask(here, id)).toMatchObject({ status: 'cancelled' });
});

test('a task that must not run twice fails when its worker is lost; another one is run again', async () => {
  const ids = [
    await startTask(here, 'work', { key: 'again' }),
    await startTask(here, 'work_once', { key: 'once' }),
  ];
  const [first, second] = ids as [string, string];
  const begun = ['again', 'once'].map((key) => cluster.logged('started', { key }));
  for (const worker of await Promise.all(begun)) worker.kill('SIGKILL');
  await Promise.all([cluster.startWorker(), cluster.startWorker()]);
  expect(await taskIs(there, second, 'failed')).toMatchObject({
    statusMessage: expect.stringContaining('work_once'),
    error: { code: -32004, data: { name: 'worker_lost' } },
  });
  await expect.poll(() => startsOf('again'), { timeout: 10_000 }).toBeGreaterThan(1);
  cluster.release('again');
  const done = await taskIs(there, first, 'completed');
  expect(done['result']).toMatchObject({ content: text('again is done') });
  expect(startsOf('once')).toBe(1);
});

test('what the client answered to a worker that died, the next one knows', async () => {
  const id = await startTask(here, 'confirm', { key: 'twice' });
  await taskIs(here, id, 'input_required');
  const yes = { action: 'accept', content: { ok: true } };
  await answerTask(here, id, { first: yes });
  await answerTask(here, id, { second: yes });
  await (await cluster.logged('started', { key: 'twice' })).kill('SIGKILL');
  await cluster.startWorker();
  await expect.poll(() => startsOf('twice'), { timeout: 10_000 }).toBe(2);
  cluster.release('twice');
  expect(await taskIs(there, id, 'completed')).toMatchObject({
    result: { content: text('accept and accept') },
  });
});

test('a failure that another try may help is tried again, each time a little later', async () => {
  const id = await startTask(here, 'flaky', { key: 'line' });
  await expect.poll(() => startsOf('line')).toBeGreaterThan(1);
  expect(await getTask(there, id)).toMatchObject({ statusMessage: expect.stringContaining('line was busy') });
  cluster.release('line');
  const done = await taskIs(there, id, 'completed');
  expect(done['result']).toMatchObject({ content: text('line is done') });
});

test('a task whose tries are used up ends with the last failure; what the server broke fails at once', async () => {
  const busy = await startTask(here, 'flaky', { key: 'never' });
  const broken = await startTask(here, 'broken');
  const done = await taskIs(there, busy, 'completed');
  expect(done['result']).toMatchObject({ isError: true, content: text('the line was busy') });
  expect(startsOf('never')).toBe(4);
  expect(await taskIs(there, broken, 'failed')).toMatchObject({ error: { code: -32603 } });
});

test('the front door that made a task may die', async () => {
  const door = await cluster.startFrontDoor();
  const url = cluster.urls.at(-1) ?? '';
  await door.logs.first('the catalogue changed');
  const made = await startTask(url, 'work', { key: 'made' });
  const promoted = await startTask(url, 'maybe_long', { key: 'promoted' });
  await door.kill('SIGKILL');
  cluster.release('made');
  cluster.release('promoted');
  for (const id of [made, promoted]) await taskIs(there, id, 'completed');
  expect([startsOf('made'), startsOf('promoted')]).toEqual([1, 1]);
});

test('those who listen hear of each change of their tasks, on any front door', async () => {
  const id = await startTask(here, 'work', { key: 'heard' });
  const { headers, body } = modernRequest(
    'subscriptions/listen',
    { notifications: { taskIds: [id] } },
    TASKS_META,
  );
  const stop = new AbortController();
  const response = await fetch(there, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: stop.signal,
  });
  let heard = '';
  const reading = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) heard += chunk;
  })();
  reading.catch(() => undefined);
  await expect.poll(() => heard).toContain('acknowledged');
  cluster.release('heard');
  await expect.poll(() => heard).toContain('completed');
  stop.abort();
  const last = JSON.parse(eventsOf(heard).at(-1) ?? '{}');
  expect(last).toMatchObject({
    method: 'notifications/tasks',
    params: { taskId: id, status: 'completed', result: { content: text('heard is done') } },
  });
});

test('the outcome of a task is kept for its time to live', async () => {
  await cluster.startFrontDoor({ MILLRACE_TASK_TTL_MS: '500' });
  const url = cluster.urls.at(-1) ?? '';
  cluster.release('brief');
  const { result } = await callTool(url, 'work', { key: 'brief' });
  expect(result).toMatchObject({ ttlMs: 500 });
  const taskId = String(result?.['taskId']);
  await taskIs(here, taskId, 'completed');
  const code = async () => (await askTask(there, 'tasks/get', { taskId })).error?.code;
  await expect.poll(code).toBe(-32602);
});

test('a task that is unknown, and one of somebody else, look the same', async () => {
  const redis = await connectRedis(cluster.redisUrl);
  const store = new TaskStore(new TaskTable(redis, new Keys(cluster.prefix)));
  const principal = { id: 'eve', tenant: 'default' };
  const times = { ttlMs: 60_000, pollIntervalMs: 50 };
  await store.create({ id: 'of-eve', principal, call: 'c-1', pool: 'default', ...times });
  disconnect(redis);
  for (const taskId of ['of-eve', 'of-nobody']) {
    for (const [method, params] of [
      ['tasks/get', {}],
      ['tasks/update', { inputResponses: {} }],
      ['tasks/cancel', {}],
    ] as const) {
      const { error } = await askTask(here, method, { taskId, ...params });
      expect([error?.code, error?.message]).toEqual([-32602, 'Task not found: it may have expired']);
    }
  }
});
