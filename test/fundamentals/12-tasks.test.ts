import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
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
  workerEnv: { MILLRACE_LOCK_MS: '1000' },
  frontDoorEnv: { MILLRACE_TASK_BACKOFF_MS: '50', MILLRACE_TASK_POLL_MS: '50' },
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
    expect([status, message.error?.code, message.error?.data]).toEqual([
      400,
      -32021,
      { requiredCapabilities },
    ]);
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
  for (const key of ['again', 'once']) await (await cluster.logged('started', { key })).kill('SIGKILL');
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

test('a failure that another try may help is tried again; what the server broke fails', async () => {
  const flaky = await startTask(here, 'flaky', { key: 'line' });
  const broken = await startTask(here, 'broken');
  // Attempts may go to different workers, each of which counts its own.
  const done = await taskIs(there, flaky, 'completed');
  expect(startsOf('line')).toBe(3);
  expect(done).toHaveProperty('result');
  expect(await taskIs(there, broken, 'failed')).toMatchObject({ error: { code: -32603 } });
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

test('a task that is unknown, expired, or somebody else’s looks the same', async () => {
  for (const [method, params] of [
    ['tasks/get', {}],
    ['tasks/update', { inputResponses: {} }],
    ['tasks/cancel', {}],
  ] as const) {
    const { error } = await askTask(here, method, { taskId: 'nobody-knows', ...params });
    expect(error?.code).toBe(-32602);
  }
  expect((await askTask(here, 'tasks/update', { taskId: 'x', inputResponses: 'yes' })).error?.code).toBe(
    -32602,
  );
});
