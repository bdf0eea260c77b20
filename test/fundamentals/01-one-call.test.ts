import { META, MODERN_REVISION } from '@millrace/protocol';
import { afterAll, expect, test } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { eventsOf, send, toolCall } from '../support/wire.ts';

/**
 * The life of one call: an agent posts it to a front door, the front door puts it on the queue of the tool's pool,
 * a worker takes it, runs the tool and publishes the result, and the front door answers. Front door and worker
 * are separate processes that know nothing of each other: Redis is all that they share.
 */
const cluster = await startCluster();
afterAll(() => cluster.stop());

test('an agent calls a tool through its official client', async () => {
  const client = await connectModern(cluster.url);
  const result = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
  expect(result.content).toEqual([{ type: 'text', text: 'hello' }]);
});

test('a tool that declares its output gives structured content', async () => {
  const client = await connectModern(cluster.url);
  const result = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  expect(result.structuredContent).toEqual({ sum: 5 });
});

test('on the wire it is one POST, and the answer is plain JSON when nothing comes before the result', async () => {
  const answer = await send(cluster.url, toolCall('echo', { text: 'hello' }));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.message).toMatchObject({
    jsonrpc: '2.0',
    id: 1,
    result: {
      resultType: 'complete',
      content: [{ type: 'text', text: 'hello' }],
      _meta: { [META.serverInfo]: { name: 'millrace' } },
    },
  });
});

test('the answer becomes an event stream with the first notification, and the result ends it', async () => {
  const answer = await send(cluster.url, toolCall('steps', { count: 2 }, { progressToken: 'p' }));
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const events = eventsOf(answer.text).map((event) => JSON.parse(event));
  expect(events.map(({ method }) => method ?? 'result')).toEqual([
    'notifications/progress',
    'notifications/progress',
    'result',
  ]);
});

test('a client first learns who serves, and by which revisions', async () => {
  const client = await connectModern(cluster.url);
  expect(client.getServerVersion()).toMatchObject({ name: 'millrace' });
  expect(client.getNegotiatedProtocolVersion()).toBe(MODERN_REVISION);
  expect(client.getServerCapabilities()).toMatchObject({ tools: {}, resources: {}, prompts: {} });
});

test('a call alone is one job on the queue of its pool', async () => {
  const before = await cluster.jobs();
  await send(cluster.url, toolCall('echo', { text: 'alone' }));
  expect(await cluster.jobs()).toBe(before + 1);
});

test('a large result arrives whole', async () => {
  const client = await connectModern(cluster.url);
  const { content } = await client.callTool({ name: 'big', arguments: { length: 1_000_000 } });
  expect(content).toEqual([{ type: 'text', text: 'ü'.repeat(1_000_000) }]);
});
