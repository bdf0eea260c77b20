import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../bench/free-port.ts';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { hosting, referenceServer, testServer } from '../support/upstreams.ts';
import { send, toolCall } from '../support/wire.ts';

/** Servers that somebody else runs, reached over Streamable HTTP: one of the newest revision, one with sessions. */
const web = testServer('web');
let server = spawn(web.command, web.args, { stdio: ['ignore', 'pipe', 'inherit'] });
const port = Number(await firstLine(server));

const everythingPort = await freePort();
const everything = referenceServer('everything', 'streamableHttp');
const sessions = spawn(everything.command, everything.args, {
  stdio: ['ignore', 'ignore', 'pipe'],
  env: { ...process.env, PORT: String(everythingPort) },
});
await once(sessions.stderr, 'data');

const cluster = await startCluster({
  plugins: [],
  workerEnv: {
    TOKEN: 'let-me-in',
    ...hosting({
      web: {
        url: `http://127.0.0.1:${port}/mcp`,
        headers: { authorization: `Bearer \${TOKEN}` },
        breakerFailures: 1,
        breakerMs: 500,
      },
      everything: { url: `http://127.0.0.1:${everythingPort}/mcp`, prefix: 'e_', max: 2 },
    }),
  },
});
afterAll(async () => {
  await cluster.stop();
  server.kill();
  sessions.kill();
});

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  const [line] = await once(createInterface({ input: stdout as NodeJS.ReadableStream }), 'line');
  return String(line);
}

const text = (result: object) => (result as { content: [{ text: string }] }).content[0].text;

test('the headers of the configuration are sent', async () => {
  const client = await connectSession(cluster.url);
  expect(text(await client.callTool({ name: 'authorization', arguments: {} }))).toBe('Bearer let-me-in');
});

test('arguments are repeated in headers where the tool wants that', async () => {
  const client = await connectModern(cluster.url);
  expect(text(await client.callTool({ name: 'where', arguments: { region: 'Ulm' } }))).toBe('Ulm');
});

test('progress passes', async () => {
  const client = await connectModern(cluster.url);
  const seen: number[] = [];
  await client.callTool(
    { name: 'steps', arguments: {} },
    { onprogress: ({ progress }) => seen.push(progress) },
  );
  expect(seen).toEqual([1, 2, 3]);
});

test('a server that asks by its result reaches the client', async () => {
  const client = new ModernClient(
    { name: 'agent', version: '1' },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', async () => ({
    action: 'accept',
    content: { name: 'Ada' },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(cluster.url)));
  onTestFinished(() => client.close());
  expect(text(await client.callTool({ name: 'ask', arguments: {} }))).toBe('hello Ada');
});

test('a server with sessions is served as well', async () => {
  const client = await connectModern(cluster.url);
  const call = { name: 'e_echo', arguments: { message: 'hi' } };
  expect(await Promise.all([1, 2, 3].map(async () => text(await client.callTool(call))))).toEqual(
    Array.from({ length: 3 }, () => 'Echo: hi'),
  );
});

test('while a server is away its calls are refused with the reason, and the other one is not touched', async () => {
  server.kill();
  await once(server, 'exit');
  const refused = await vi.waitFor(async () => {
    const { error } = (await send(cluster.url, toolCall('steps'))).message;
    expect(error).toMatchObject({ data: { name: 'upstream_unavailable' } });
    return error;
  });
  expect(refused?.message).toContain(`"web" is not available: http://127.0.0.1:${port} does not serve it`);
  const client = await connectModern(cluster.url);
  expect(text(await client.callTool({ name: 'e_echo', arguments: { message: 'still' } }))).toBe(
    'Echo: still',
  );
  server = spawn(web.command, [...web.args, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await firstLine(server);
  await vi.waitFor(
    async () => {
      const { result } = (await send(cluster.url, toolCall('steps'))).message;
      expect(result).toMatchObject({ content: [{ text: 'done' }] });
    },
    { timeout: 5_000, interval: 100 },
  );
});
