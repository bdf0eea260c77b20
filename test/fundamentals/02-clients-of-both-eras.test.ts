import { MODERN_REVISION, SESSION_REVISIONS } from '@millrace/protocol';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { send, sessionRequest } from '../support/wire.ts';

/**
 * Two eras of the protocol meet at the same address. Revision 2026-07-28 is stateless: each request says all that
 * is needed. The 2025 revisions begin with `initialize`. A front door tells them apart request by request.
 */
const cluster = await startCluster();
afterAll(() => cluster.stop());

test('the v2 client calls a tool in revision 2026-07-28', async () => {
  const client = await connectModern(cluster.url);
  const { content } = await client.callTool({ name: 'echo', arguments: { text: 'modern' } });
  expect(content).toEqual([{ type: 'text', text: 'modern' }]);
});

test('the v1 client calls the same tool in a 2025 revision', async () => {
  const client = await connectSession(cluster.url);
  const { content } = await client.callTool({ name: 'echo', arguments: { text: 'session' } });
  expect(content).toEqual([{ type: 'text', text: 'session' }]);
  expect(client.getServerVersion()).toMatchObject({ name: 'millrace' });
});

test.each([
  { mode: 'auto' as const, expected: MODERN_REVISION },
  { mode: 'legacy' as const, expected: SESSION_REVISIONS[0] },
])('a v2 client that negotiates by "$mode" ends up with $expected', async ({ mode, expected }) => {
  const client = new Client({ name: 'test-agent', version: '1.0.0' }, { versionNegotiation: { mode } });
  onTestFinished(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(new URL(cluster.url)));
  expect(client.getNegotiatedProtocolVersion()).toBe(expected);
  const { structuredContent } = await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } });
  expect(structuredContent).toEqual({ sum: 2 });
});

test.each(SESSION_REVISIONS)('initialize agrees on revision %s', async (protocolVersion) => {
  const clientInfo = { name: 'test-agent', version: '1.0.0' };
  const params = { protocolVersion, capabilities: {}, clientInfo };
  const { message } = await send(cluster.url, sessionRequest('initialize', params, protocolVersion));
  expect(message.result).toMatchObject({ protocolVersion, serverInfo: { name: 'millrace' } });
});

test('results of the older era carry nothing that only the newer one knows', async () => {
  const params = { name: 'echo', arguments: { text: 'plain' } };
  const { message } = await send(cluster.url, sessionRequest('tools/call', params));
  expect(message.result).toEqual({ content: [{ type: 'text', text: 'plain' }] });
});

test('a 2025 client may ping', async () => {
  const client = await connectSession(cluster.url);
  expect(await client.ping()).toEqual({});
});
