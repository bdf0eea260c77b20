import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { hosting, referenceServer } from '../support/upstreams.ts';

/**
 * The reference servers of MCP, unchanged from npm, each hosted by two workers behind two front doors. They know nothing
 * of Millrace, nor of the newest revision: clients of both eras use them all the same.
 */
const folder = mkdtempSync(join(tmpdir(), 'millrace-upstreams-'));
writeFileSync(join(folder, 'note.txt'), 'ground finely');
const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: [],
  workerEnv: hosting({
    everything: { ...referenceServer('everything'), max: 2 },
    files: {
      ...referenceServer('filesystem', folder),
      prefix: 'files_',
      max: 2,
      include: ['read_*', 'write_file'],
    },
    graph: {
      ...referenceServer('memory'),
      max: 1,
      env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
      prefix: 'graph_',
      rename: { read_graph: 'the_graph' },
      exclude: ['delete_*'],
    },
  }),
});
afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

const text = (result: object) => (result as { content: [{ text: string }] }).content[0].text;

describe.each([
  { era: '2026', connect: connectModern, door: 0 },
  { era: '2026', connect: connectModern, door: 1 },
  { era: '2025', connect: connectSession, door: 0 },
  { era: '2025', connect: connectSession, door: 1 },
])('a $era client at front door $door', ({ connect, door }) => {
  const open = () => connect(cluster.urls[door] as string);

  test('sees the tools of all servers, under the names of the configuration', async () => {
    const client = await open();
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['echo', 'get-sum', 'files_read_text_file', 'the_graph']));
    expect(names).not.toContain('graph_read_graph');
    // Filtered: neither what was not included, nor what was excluded.
    expect(names).not.toContain('files_move_file');
    expect(names.filter((name) => name.includes('delete'))).toEqual([]);
  });

  test('calls tools', async () => {
    const client = await open();
    const call = { name: 'echo', arguments: { message: 'hello' } };
    expect(await client.callTool(call)).toMatchObject({ content: [{ text: 'Echo: hello' }] });
    const weather = { name: 'get-structured-content', arguments: { location: 'Chicago' } };
    expect(await client.callTool(weather)).toMatchObject({
      structuredContent: { conditions: expect.any(String) },
    });
    const read = { name: 'files_read_text_file', arguments: { path: join(folder, 'note.txt') } };
    expect(text(await client.callTool(read))).toBe('ground finely');
  });

  test('a tool that fails says so', async () => {
    const client = await open();
    const call = { name: 'files_read_text_file', arguments: { path: '/etc/passwd' } };
    const result = await client.callTool(call);
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('Access denied') }],
    });
  });

  test('reads resources, by URI and by template', async () => {
    const client = await open();
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resources.length).toBeGreaterThan(0);
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain(
      'demo://resource/dynamic/text/{resourceId}',
    );
    const uri = 'demo://resource/dynamic/text/7';
    expect(await client.readResource({ uri })).toMatchObject({
      contents: [{ uri, text: expect.any(String) }],
    });
    const listed = resources[0]?.uri as string;
    expect(await client.readResource({ uri: listed })).toMatchObject({ contents: [{ uri: listed }] });
  });

  test('gets prompts, and suggestions for their arguments', async () => {
    const client = await open();
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('args-prompt');
    const { messages } = await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Ulm' } });
    expect(JSON.stringify(messages)).toContain('Ulm');
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'completable-prompt' },
      argument: { name: 'department', value: 'E' },
    });
    expect(completion.values).toEqual(['Engineering']);
  });

  test('hears how far a long call is', async () => {
    const client = await open();
    const seen: number[] = [];
    const call = { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } };
    const onprogress = ({ progress }: { progress: number }) => seen.push(progress);
    const result =
      client instanceof ModernClient
        ? await client.callTool(call, { onprogress })
        : await client.callTool(call, undefined, { onprogress });
    expect(text(result)).toContain('completed');
    expect(seen).toEqual([1, 2, 3]);
  });
});

const SAMPLED = { role: 'assistant', content: { type: 'text', text: 'forty-two' }, model: 'm' } as const;
const FILLED = { action: 'accept', content: { name: 'Ada' } } as const;
const CAPABILITIES = { elicitation: { form: {} }, sampling: {}, roots: {} };
const ROOTS = { roots: [{ uri: 'file:///mill', name: 'mill' }] };

async function askableModern(): Promise<ModernClient> {
  const client = new ModernClient(
    { name: 'agent', version: '1' },
    { capabilities: CAPABILITIES, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', async () => FILLED as never);
  client.setRequestHandler('sampling/createMessage', async () => SAMPLED as never);
  client.setRequestHandler('roots/list', async () => ROOTS);
  await client.connect(new StreamableHTTPClientTransport(new URL(cluster.urls[0] as string)));
  onTestFinished(() => client.close());
  return client;
}

async function askableSession(): Promise<SessionClient> {
  const client = new SessionClient({ name: 'agent', version: '1' }, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, async () => FILLED as never);
  client.setRequestHandler(CreateMessageRequestSchema, async () => SAMPLED as never);
  client.setRequestHandler(ListRootsRequestSchema, async () => ROOTS);
  const transport = new SessionTransport(new URL(cluster.urls[1] as string));
  await client.connect(transport as Parameters<SessionClient['connect']>[0]);
  onTestFinished(() => client.close());
  return client;
}

describe.each([
  { era: '2026', connect: askableModern },
  { era: '2025', connect: askableSession },
])('servers that ask while their tool runs reach a $era client', ({ connect }) => {
  test('for a form', async () => {
    const client = await connect();
    const result = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
    expect(JSON.stringify(result)).toContain('Ada');
  });

  test('for an answer of its model', async () => {
    const client = await connect();
    const call = {
      name: 'trigger-sampling-request',
      arguments: { prompt: 'What is the answer?', maxTokens: 10 },
    };
    expect(JSON.stringify(await client.callTool(call))).toContain('forty-two');
  });
});

test('the pools of both workers are used, and never outgrow their maximum', async () => {
  const client = await connectModern(cluster.url);
  const call = { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 1 } };
  await Promise.all(Array.from({ length: 8 }, () => client.callTool(call)));
  for (const worker of cluster.workers) {
    const started = worker.logs.having('a process of an upstream was started', { upstream: 'everything' });
    expect(started.length).toBeGreaterThanOrEqual(1);
    expect(started.length).toBeLessThanOrEqual(2);
  }
});
