import { ERROR_META_KEY } from '@millrace/protocol';
import { afterAll, describe, expect, test } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';

/**
 * An existing `McpServer`, written with either official SDK, is mounted as a plugin without a change. Clients of both
 * eras use it, whatever its own SDK knows of them.
 */
const cluster = await startCluster({ plugins: ['mounted-v1', 'mounted-v2'] });
afterAll(() => cluster.stop());

describe.each([
  { era: '2026', connect: connectModern },
  { era: '2025', connect: connectSession },
])('a $era client', ({ connect }) => {
  test('sees the tools of both servers', async () => {
    const client = await connect(cluster.url);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'v1_count',
      'v1_upper',
      'v2_count',
      'v2_fail',
      'v2_reverse',
    ]);
  });

  test.each([
    { name: 'v1_upper', text: 'ABC' },
    { name: 'v2_reverse', text: 'cba' },
  ])('calls $name', async ({ name, text }) => {
    const client = await connect(cluster.url);
    const { content } = await client.callTool({ name, arguments: { text: 'abc' } });
    expect(content).toEqual([{ type: 'text', text }]);
  });

  test.each([
    { uri: 'first://note', text: 'from the first server' },
    { uri: 'second://note', text: 'from the second server' },
  ])('reads $uri', async ({ uri, text }) => {
    const client = await connect(cluster.url);
    const { contents } = await client.readResource({ uri });
    expect(contents).toMatchObject([{ uri, text }]);
  });

  test('gets a prompt', async () => {
    const client = await connect(cluster.url);
    const { messages } = await client.getPrompt({ name: 'v2_ask' });
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Well?' } }]);
  });

  test('gets a failure as a result with a structured error', async () => {
    const client = await connect(cluster.url);
    const result = await client.callTool({ name: 'v2_fail', arguments: {} });
    expect(result).toMatchObject({ isError: true, _meta: { [ERROR_META_KEY]: { type: 'tool_error' } } });
  });
});

test.each(['v1_count', 'v2_count'])('progress of %s arrives', async (name) => {
  const client = await connectModern(cluster.url);
  const seen: number[] = [];
  const call = { name, arguments: { to: 3 } };
  const { content } = await client.callTool(call, { onprogress: ({ progress }) => seen.push(progress) });
  expect(content).toEqual([{ type: 'text', text: 'counted to 3' }]);
  expect(seen).toEqual([1, 2, 3]);
});
