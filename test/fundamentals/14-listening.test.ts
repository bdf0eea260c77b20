import { afterAll, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { pluginPath } from '../support/plugin-path.ts';
import { EventStream } from '../support/sse.ts';
import { modernRequest, send, sessionRequest, toolCall } from '../support/wire.ts';

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

test('when a worker brings new tools, both kinds of clients are told once', async () => {
  const modern = await listen(there, { toolsListChanged: true });
  await modern.message();
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const { headers } = await send(here, sessionRequest('initialize', params));
  const session = await EventStream.open(here, {
    headers: { accept: 'text/event-stream', 'mcp-session-id': headers.get('mcp-session-id') ?? '' },
  });
  onTestFinished(() => session.drop());
  await session.next();

  // A second worker with the same tools changes nothing; one with more does.
  await cluster.startWorker();
  await cluster.startWorker({ MILLRACE_PLUGINS: [pluginPath('asking'), pluginPath('fixture')].join(',') });
  expect((await modern.message()).message['method']).toBe('notifications/tools/list_changed');
  const told = new Set<unknown>();
  while (told.size < 3) told.add((await session.message()).message['method']);
  expect([...told].sort()).toEqual([
    'notifications/prompts/list_changed',
    'notifications/resources/list_changed',
    'notifications/tools/list_changed',
  ]);
  const tools = (await send(there, modernRequest('tools/list'))).message.result?.['tools'];
  expect(tools).toContainEqual(expect.objectContaining({ name: 'echo' }));
});

test('a front door that stops ends its streams on purpose', async () => {
  const frontDoor = await cluster.startFrontDoor();
  const stream = await listen(cluster.urls.at(-1) ?? '', { toolsListChanged: true });
  await stream.message();
  frontDoor.kill('SIGTERM');
  expect((await stream.message()).message['result']).toMatchObject({ resultType: 'complete' });
  expect((await frontDoor.exited).code).toBe(0);
});
