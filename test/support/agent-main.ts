/** An agent in a process of its own: `agent-main.ts SDK TRANSPORT…`. It uses everything once and prints what it got. */
import { fileURLToPath } from 'node:url';
import { RedisTransport, WebSocketTransport } from '@millrace/client';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as SessionStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as SessionHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const [sdk, kind, address = '', prefix = ''] = process.argv.slice(2);

const INFO = { name: 'agent', version: '1.0.0' };
const OPTIONS = { capabilities: { elicitation: { form: {} } } };
const ANSWER = { action: 'accept' as const, content: { name: 'Ada' } };

/** `millrace stdio`, as the client starts it. */
const stdio = (...args: string[]) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url)), 'stdio', ...args],
});

function transport() {
  const isModern = sdk === 'v2';
  switch (kind) {
    case 'http':
      return isModern
        ? new StreamableHTTPClientTransport(new URL(address))
        : new SessionHttp(new URL(address));
    case 'web-socket':
      return new WebSocketTransport(address);
    case 'redis':
      return new RedisTransport(address, { prefix });
    case 'stdio-url':
      return isModern
        ? new StdioClientTransport(stdio('--url', address))
        : new SessionStdio(stdio('--url', address));
    case 'stdio-redis': {
      const server = stdio('--redis', address, '--prefix', prefix);
      return isModern ? new StdioClientTransport(server) : new SessionStdio(server);
    }
    default:
      throw new Error(`there is no transport "${kind}"`);
  }
}

/** The SDKs' own types do not hold under exactOptionalPropertyTypes, and differ from each other. */
async function connect(): Promise<ModernClient> {
  if (sdk === 'v2') {
    const client = new ModernClient(INFO, {
      ...OPTIONS,
      versionNegotiation: { mode: { pin: '2026-07-28' } },
    });
    client.setRequestHandler('elicitation/create', async () => ANSWER);
    await client.connect(transport() as Parameters<ModernClient['connect']>[0]);
    return client;
  }
  const client = new SessionClient(INFO, OPTIONS);
  client.setRequestHandler(ElicitRequestSchema, async () => ANSWER);
  await client.connect(transport() as Parameters<SessionClient['connect']>[0]);
  return client as unknown as ModernClient;
}

const client = await connect();

async function call(name: string, args: Record<string, unknown> = {}) {
  const { content } = await client.callTool({ name, arguments: args });
  return (content as { text?: string }[])[0]?.text;
}

async function errorOf(work: Promise<unknown>): Promise<{ code: unknown; message: string } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    const { code, message } = error as { code: unknown; message: string };
    return { code, message };
  }
}

async function progressOf(count: number): Promise<number[]> {
  const steps: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => steps.push(progress);
  const params = { name: 'steps', arguments: { count } };
  if (sdk === 'v2') await client.callTool(params, { onprogress });
  else await (client as unknown as SessionClient).callTool(params, undefined, { onprogress });
  return steps;
}

/** Cancels a call that would run until the test releases it; the test sees in the worker's log that it was stopped. */
async function cancelled(): Promise<boolean> {
  const controller = new AbortController();
  const options = { signal: controller.signal, onprogress: () => controller.abort(new Error('not needed')) };
  const params = { name: 'advance', arguments: { key: `${sdk} over ${kind}` } };
  const call =
    sdk === 'v2'
      ? client.callTool(params, options)
      : (client as unknown as SessionClient).callTool(params, undefined, options);
  return (await errorOf(call)) !== undefined;
}

const report = {
  server: client.getServerVersion()?.name,
  tools: (await client.listTools()).tools.map(({ name }) => name),
  echo: await call('echo', { text: 'grüezi' }),
  parallel: await Promise.all(['a', 'b', 'c'].map((text) => call('echo', { text }))),
  progress: await progressOf(3),
  greeting: await call('greet'),
  unknown: await errorOf(client.callTool({ name: 'nothing' })),
  cancelled: await cancelled(),
  // The cancellation is on its way, and would be lost with the connection.
  after: await call('echo', { text: 'still here' }),
};
await client.close();
console.log(JSON.stringify(report));
