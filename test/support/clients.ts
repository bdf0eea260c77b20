import { MODERN_REVISION } from '@millrace/protocol';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { onTestFinished } from 'vitest';

const AGENT = { name: 'test-agent', version: '1.0.0' };

export type { ModernClient, SessionClient };

/** The official v2 client, which speaks the stateless revision 2026-07-28. Closed with the test. */
export async function connectModern(url: string): Promise<ModernClient> {
  const client = new ModernClient(AGENT, { versionNegotiation: { mode: { pin: MODERN_REVISION } } });
  await client.connect(new ModernTransport(new URL(url)));
  onTestFinished(() => client.close());
  return client;
}

/** The official v1 client, which begins with `initialize` and speaks a 2025 revision. Closed with the test. */
export async function connectSession(url: string): Promise<SessionClient> {
  const client = new SessionClient(AGENT);
  // The SDK's own type does not hold under exactOptionalPropertyTypes.
  await client.connect(new SessionTransport(new URL(url)) as Parameters<SessionClient['connect']>[0]);
  onTestFinished(() => client.close());
  return client;
}
