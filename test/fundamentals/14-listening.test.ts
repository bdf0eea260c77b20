import { afterAll, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { pluginPath } from '../support/plugin-path.ts';
import { Session } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

/**
 * Clients of 2026-07-28 hear of changes on streams that they open with a filter. A change is told by whoever sees it
 * and reaches every stream that asked for it, on every replica; nothing else does.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 1, plugins: ['asking'] });
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

async function listen(url: string, notifications: object): Promise<EventStream> {
  const { headers, body } = modernRequest('subscriptions/listen', { notifications });
  const stream = await EventStream.open(url, { method: 'POST', headers, body: JSON.stringify(body) });
  onTestFinished(() => stream.drop());
  return stream;
}

const SUBSCRIPTION = { 'io.modelcontextprotocol/subscriptionId': 1 };

test('the first message says what is granted', async () => {
  const stream = await listen(here, { toolsListChanged: true, promptsListChanged: false });
  expect((await stream.message()).message).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: { toolsListChanged: true }, _meta: SUBSCRIPTION },
  });
});

test('a stream that asks for nothing ends at once', async () => {
  const stream = await listen(here, {});
  await stream.message();
  expect((await stream.message()).message['result']).toMatchObject({
    resultType: 'complete',
    _meta: SUBSCRIPTION,
  });
  expect(await stream.next()).toBeUndefined();
});

test('a wrong filter is refused with the name of the field', async () => {
  const { message } = await send(
    here,
    modernRequest('subscriptions/listen', { notifications: { taskIds: 1 } }),
  );
  expect(message.error).toMatchObject({
    code: -32602,
    data: { details: { field: 'notifications.taskIds' } },
  });
});

test('who follows a resource hears of it on any replica, and of no other', async () => {
  const streams = await Promise.all(
    [here, there].map((url) => listen(url, { resourceSubscriptions: ['note://a'] })),
  );
  for (const stream of streams) await stream.message();
  await send(here, toolCall('touch', { uri: 'note://b' }));
  await send(here, toolCall('touch', { uri: 'note://a' }));
  for (const stream of streams) {
    expect((await stream.message()).message).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri: 'note://a', _meta: SUBSCRIPTION },
    });
  }
});

const TOOLS = 'notifications/tools/list_changed';
const UPDATED = 'notifications/resources/updated';

/** Reads until such a message has come so often. @returns the methods of all that came, in order */
async function methodsUntil(stream: EventStream, last: string, times = 1): Promise<unknown[]> {
  const methods: unknown[] = [];
  while (methods.filter((method) => method === last).length < times) {
    methods.push((await stream.message()).message['method']);
  }
  return methods;
}

async function listenInSession(url: string, uri: string): Promise<EventStream> {
  const session = await Session.open(url);
  await session.request(url, 'resources/subscribe', { uri });
  const stream = await session.stream(url);
  onTestFinished(() => stream.drop());
  await stream.next();
  return stream;
}

test('when a worker brings new tools, both kinds of clients are told once', async () => {
  const uri = 'note://the-end';
  const modern = await listen(there, { toolsListChanged: true, resourceSubscriptions: [uri] });
  await modern.message();
  const session = await listenInSession(here, uri);
  const startWith = (...plugins: string[]) =>
    cluster.startWorker({ MILLRACE_PLUGINS: plugins.map(pluginPath).join(',') });

  // Workers with the same tools change nothing, neither before nor after one that brings more.
  await startWith('asking');
  await startWith('asking', 'fixture');
  const [told, toldInSession] = [await methodsUntil(modern, TOOLS), await methodsUntil(session, TOOLS)];
  const tools = (await send(there, modernRequest('tools/list'))).message.result?.['tools'];
  expect(tools).toContainEqual(expect.objectContaining({ name: 'echo' }));
  await startWith('asking', 'fixture');

  // The next change, and the mark after it, come behind whatever was told of the first one a second time.
  await startWith('asking', 'fixture', 'counting');
  told.push(...(await methodsUntil(modern, TOOLS)));
  toldInSession.push(...(await methodsUntil(session, TOOLS)));
  await send(here, toolCall('touch', { uri }));
  told.push(...(await methodsUntil(modern, UPDATED)));
  toldInSession.push(...(await methodsUntil(session, UPDATED)));

  expect(told).toEqual([TOOLS, TOOLS, UPDATED]);
  const others = ['notifications/prompts/list_changed', 'notifications/resources/list_changed'];
  expect(toldInSession.toSorted()).toEqual([...others, UPDATED, TOOLS, TOOLS]);
});

test('a front door that stops ends its streams on purpose', async () => {
  const frontDoor = await cluster.startFrontDoor();
  const stream = await listen(cluster.urls.at(-1) ?? '', { toolsListChanged: true });
  await stream.message();
  frontDoor.kill('SIGTERM');
  expect((await stream.message()).message['result']).toMatchObject({ resultType: 'complete' });
  expect((await frontDoor.exited).code).toBe(0);
});
