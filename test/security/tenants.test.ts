import { afterAll, expect, onTestFinished, test } from 'vitest';
import { as, makeKey, type TestKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { Session } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { TASKS_META } from '../support/tasks.ts';
import { type JsonRpcResponse, modernRequest, readAnswer, send, toolCall } from '../support/wire.ts';

/**
 * What belongs to one caller does not exist for another: not for one of another tenant, even if both are known by the
 * same name, and not for another one of the same tenant.
 */
const cluster = await startCluster({ frontDoors: 2, plugins: ['fixture', 'tasks'], env: WITH_API_KEYS });
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

const owner = await makeKey(cluster, { tenant: 'acme' });
const strangers: [string, TestKey][] = [
  ['of another tenant', await makeKey(cluster, { tenant: 'other' })],
  ['of the same tenant', await makeKey(cluster, { tenant: 'acme' })],
  [
    'of the same name in another tenant',
    await makeKey(cluster, { tenant: 'other', subject: owner.record.subject }),
  ],
];

describeStrangers('a session', async (stranger) => {
  const session = await Session.open(here, { headers: owner.headers });
  expect((await session.request(there, 'ping')).status).toBe(200);
  const intruder = intrusion(session, stranger);
  for (const url of [here, there]) {
    expect(nameOf((await intruder.request(url, 'ping')).message)).toBe('session_not_found');
    expect((await fetch(url, { method: 'DELETE', headers: intruder.headers })).status).toBe(404);
    expect((await fetch(url, { headers: intruder.headers })).status).toBe(404);
    expect(
      (await intruder.post(url, { method: 'notifications/cancelled', params: { requestId: 1 } })).status,
    ).toBe(404);
  }
  expect((await session.request(there, 'ping')).status).toBe(200);
});

describeStrangers('an answer that can be resumed', async (stranger) => {
  const session = await Session.open(here, { headers: owner.headers });
  const call = await session.call(here, 'steps', { count: 1 });
  const { id = '' } = await call.message();
  const own = await Session.open(there, { headers: stranger.headers });
  for (const headers of [own.headers, intrusion(session, stranger).headers]) {
    const { status } = await readAnswer(await fetch(there, { headers: { ...headers, 'last-event-id': id } }));
    expect([400, 404]).toContain(status);
  }
});

describeStrangers('a task', async (stranger) => {
  const { message } = await send(here, as(owner, toolCall('work', { key: 'kept' }, TASKS_META)));
  const taskId = String(message.result?.['taskId']);
  const ask = async (who: TestKey, method: string, params: object = {}) =>
    (await send(there, as(who, modernRequest(method, { taskId, ...params }, TASKS_META)))).message;
  for (const [method, params] of [
    ['tasks/get', {}],
    ['tasks/update', { inputResponses: {} }],
    ['tasks/cancel', {}],
  ] as const) {
    expect((await ask(stranger, method, params)).error?.message).toMatch(/^Task not found/);
  }
  expect((await ask(owner, 'tasks/get')).result).toMatchObject({ status: 'working' });

  expect(await grantedTasks(stranger, taskId)).toBeUndefined();
  expect(await grantedTasks(owner, taskId)).toEqual([taskId]);
  await ask(owner, 'tasks/cancel');
});

/** @returns the tasks that a stream which asks for this one is said to follow */
async function grantedTasks(who: TestKey, taskId: string): Promise<unknown> {
  const request = modernRequest('subscriptions/listen', { notifications: { taskIds: [taskId] } }, TASKS_META);
  const { headers, body } = as(who, request);
  const stream = await EventStream.open(there, { method: 'POST', headers, body: JSON.stringify(body) });
  onTestFinished(() => stream.drop());
  const { params } = (await stream.message()).message as {
    params: { notifications: { taskIds?: string[] } };
  };
  return params.notifications.taskIds;
}

function describeStrangers(what: string, attempt: (stranger: TestKey) => Promise<void>): void {
  test.each(strangers)(`${what} is out of reach for a caller %s`, (_, stranger) => attempt(stranger));
}

/** Requests of somebody who knows the id of a session that is not theirs. */
function intrusion(session: Session, { headers }: TestKey): Session {
  return new Session(session.headers['mcp-session-id'] ?? '', undefined, headers);
}

function nameOf({ error }: JsonRpcResponse): unknown {
  return error?.data?.['name'];
}
