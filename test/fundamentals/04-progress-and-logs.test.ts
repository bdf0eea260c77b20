import { META } from '@millrace/protocol';
import { afterAll, expect, test } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { eventsOf, send, toolCall } from '../support/wire.ts';

/**
 * A tool may tell of its progress and log to the client while it runs. Each such frame travels back at once
 * and reaches the client as an event of the stream that answers its request.
 */
const cluster = await startCluster();
afterAll(() => cluster.stop());

const STEPS = { name: 'steps', arguments: { count: 3 } };
const EXPECTED = [1, 2, 3].map((step) => ({ progress: step, total: 3, message: `step ${step}` }));

test('progress reaches a 2026 client', async () => {
  const client = await connectModern(cluster.url);
  const seen: unknown[] = [];
  const result = await client.callTool(STEPS, { onprogress: (progress) => seen.push(progress) });
  expect(seen).toEqual(EXPECTED);
  expect(result.content).toEqual([{ type: 'text', text: 'all steps taken' }]);
});

test('progress reaches a 2025 client', async () => {
  const client = await connectSession(cluster.url);
  const seen: unknown[] = [];
  await client.callTool(STEPS, undefined, { onprogress: (progress) => seen.push(progress) });
  expect(seen).toEqual(EXPECTED);
});

test('progress is there before the result: the tool still runs', async () => {
  const client = await connectModern(cluster.url);
  const first = Promise.withResolvers<void>();
  const call = client.callTool(
    { name: 'advance', arguments: { key: 'early' } },
    { onprogress: () => first.resolve() },
  );
  await first.promise;
  cluster.release('early');
  expect((await call).content).toEqual([{ type: 'text', text: 'early is done' }]);
});

test('a client gets log messages from the level on that it asks for', async () => {
  const client = await connectModern(cluster.url);
  const logged: unknown[] = [];
  client.setNotificationHandler('notifications/message', ({ params }) => void logged.push(params));
  await client.callTool({ ...STEPS, _meta: { [META.logLevel]: 'info' } });
  expect(logged).toEqual([1, 2, 3].map((step) => ({ level: 'info', logger: 'fixture', data: { step } })));
});

test('who asks for nothing gets nothing', async () => {
  const answer = await send(cluster.url, toolCall('steps', { count: 3 }));
  expect(answer.headers.get('content-type')).toBe('application/json');
});

test('notifications keep their order', async () => {
  const meta = { progressToken: 'p', [META.logLevel]: 'debug' };
  const { text } = await send(cluster.url, toolCall('steps', { count: 2 }, meta));
  const methods = eventsOf(text).map((event) => JSON.parse(event).method ?? 'result');
  const step = ['notifications/message', 'notifications/progress', 'notifications/message'];
  expect(methods).toEqual([...step, ...step, 'result']);
});
