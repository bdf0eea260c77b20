import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { hosting, testServer } from '../support/upstreams.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * What passes between an agent and a hosted server while a call runs, for upstreams of both eras: the same server is
 * hosted twice, once in the newest revision, which it speaks when it is asked, and once as an older one.
 */
const folder = mkdtempSync(join(tmpdir(), 'millrace-upstreams-'));
const shared = {
  max: 2,
  min: 2,
  env: { WORD: `\${THE_WORD}`, EMPTY: `\${NOT_SET:-nothing}` },
  envFrom: ['PASSED'],
};
const server = testServer('workshop', `\${THE_WORD}`);
const cluster = await startCluster({
  plugins: [],
  workerEnv: {
    THE_WORD: 'flour',
    PASSED: 'on',
    SECRET_OF_THE_WORKER: 'never told',
    ...hosting({
      new: { ...server, ...shared, env: { ...shared.env, SCHEME: 'new' }, prefix: 'new_' },
      guarded: {
        ...server,
        prefix: 'guarded_',
        max: 1,
        tools: {
          crash: { policies: { fallback: { kind: 'fixed', text: 'come back later' } } },
          whoami: { policies: { rateLimit: { limit: 2 } } },
        },
      },
      old: {
        ...server,
        ...shared,
        env: { ...shared.env, SCHEME: 'old' },
        era: 'session',
        prefix: 'old_',
        tools: {
          slow: { timeoutMs: 400 },
          'c*': { idempotent: false },
          whoami: { policies: { dedup: 'off' } },
        },
      },
    }),
  },
});
afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

const text = (result: object) => (result as { content: [{ text: string }] }).content[0].text;

describe.each(['new', 'old'])('an upstream of the %s era', (prefix) => {
  test('gets an environment of its own: what is named, and what every program needs', async () => {
    const client = await connectModern(cluster.url);
    const env = JSON.parse(text(await client.callTool({ name: `${prefix}_env`, arguments: {} })));
    expect(env).toMatchObject({ WORD: 'flour', EMPTY: 'nothing', PASSED: 'on', PATH: expect.any(String) });
    expect(env).not.toHaveProperty('SECRET_OF_THE_WORKER');
    expect(env).not.toHaveProperty('REDIS_URL');
  });

  test('gets variables of the worker where its arguments name them', async () => {
    const client = await connectModern(cluster.url);
    expect(text(await client.callTool({ name: `${prefix}_whoami`, arguments: {} }))).toMatch(/^\d+ flour$/);
    expect(await client.getPrompt({ name: `${prefix}_greet` })).toMatchObject({
      messages: [{ content: { text: 'Greet flour' } }],
    });
  });

  test('runs as many calls at the same time as it has processes, and no more', async () => {
    const client = await connectModern(cluster.url);
    const call = { name: `${prefix}_slow`, arguments: { ms: 100 } };
    const sizes: number[] = [];
    await vi.waitFor(async () => {
      const pids = await Promise.all([1, 2, 3, 4].map(async () => text(await client.callTool(call))));
      sizes.push(new Set(pids).size);
      // The second process may still be starting.
      expect(sizes).toContain(2);
    });
    expect(Math.max(...sizes)).toBe(2);
  });

  test('is told when the agent goes away', async () => {
    const client = await connectModern(cluster.url);
    const [worker] = cluster.workers;
    const fields = { upstream: prefix };
    const begun = worker?.logs.next('an upstream said', { ...fields, line: 'slow has begun' });
    const stop = new AbortController();
    const call = client.callTool(
      { name: `${prefix}_slow`, arguments: { ms: 10_000 } },
      { signal: stop.signal },
    );
    call.catch(() => undefined);
    await begun;
    const cancelled = worker?.logs.next('an upstream said', { ...fields, line: 'slow was cancelled' });
    stop.abort();
    await cancelled;
    await expect(call).rejects.toThrow();
  });

  test('logs to a client that wants to hear it', async () => {
    const answer = await send(
      cluster.url,
      toolCall(`${prefix}_talk`, {}, { 'io.modelcontextprotocol/logLevel': 'info' }),
    );
    expect(answer.text).toContain('"data":"said"');
    const client = await connectSession(cluster.url);
    const heard = vi.fn();
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => heard(params));
    await client.callTool({ name: `${prefix}_talk`, arguments: {} });
    await vi.waitFor(() =>
      expect(heard).toHaveBeenCalledWith({ level: 'info', data: 'said', logger: 'talk' }),
    );
  });

  test('asks a client of the new era by its result', async () => {
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
    const result = await client.callTool({ name: `${prefix}_ask`, arguments: {} });
    expect(text(result)).toBe('their own Ada');
  });

  test('asks a client of a session while the call runs', async () => {
    const client = new SessionClient({ name: 'agent', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, async () => ({
      action: 'accept',
      content: { name: 'Bob' },
    }));
    await client.connect(
      new SessionTransport(new URL(cluster.url)) as Parameters<SessionClient['connect']>[0],
    );
    onTestFinished(() => client.close());
    const result = await client.callTool({ name: `${prefix}_ask`, arguments: {} });
    expect(text(result)).toBe('their own Bob');
  });

  test('may die of an idempotent call, which then runs on another process', async () => {
    const client = await connectModern(cluster.url);
    const file = join(folder, `${prefix}-died`);
    expect(text(await client.callTool({ name: `${prefix}_die_once`, arguments: { file } }))).toBe('survived');
  });

  test('dies of a call that must not run twice: the client hears that the outcome is not known', async () => {
    const { message } = await send(cluster.url, toolCall(`${prefix}_crash`, {}));
    expect(message.error).toMatchObject({
      message: expect.stringContaining(`"${prefix}" was lost`),
      data: { name: 'upstream_lost', retryable: false, details: { upstream: prefix } },
    });
  });

  test.each([
    ['a resource that it lists', 'board'],
    ['one of a template, once somebody has read it', 'sheets/1'],
  ])('tells changes of %s, whichever of its processes makes them', async (_, path) => {
    const uri = `${prefix}://${path}`;
    const client = await connectSession(cluster.url);
    const told = vi.fn();
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => told(params.uri));
    await client.subscribeResource({ uri });
    await client.readResource({ uri });
    const paint = async () => {
      told.mockClear();
      const painter = text(await client.callTool({ name: `${prefix}_paint`, arguments: { uri } }));
      await vi.waitFor(() => expect(told).toHaveBeenCalledWith(uri), { timeout: 300, interval: 10 });
      return painter;
    };
    // The process that worked last is taken again, unless it is busy.
    const paintTwice = async () => {
      const first = await paint();
      const busy = client.callTool({ name: `${prefix}_slow`, arguments: { ms: 300 } });
      const [second] = await Promise.all([paint(), busy]);
      expect(second).not.toBe(first);
    };
    // To follow a resource takes the processes a moment.
    await vi.waitFor(paintTwice, { timeout: 5_000, interval: 10 });
  });

  test('that offers a new tool changes the lists of the cluster', async () => {
    const client = await connectModern(cluster.url);
    await client.callTool({ name: `${prefix}_grow`, arguments: {} });
    await vi.waitFor(
      async () => {
        const { tools } = await client.listTools(undefined, { cacheMode: 'refresh' });
        expect(tools.map(({ name }) => name)).toContain(`${prefix}_grown`);
      },
      { timeout: 5_000, interval: 100 },
    );
  });
});

test('the policies of the configuration apply to the tools of an upstream', async () => {
  const { message } = await send(cluster.url, toolCall('guarded_crash', {}));
  expect(message.result).toMatchObject({ content: [{ text: 'come back later' }] });
  const answers = [1, 2, 3].map(() => send(cluster.url, toolCall('guarded_whoami', {})));
  const errors = (await Promise.all(answers)).flatMap((answer) => answer.message.error ?? []);
  expect(errors).toMatchObject([{ data: { type: 'rate_limit_exceeded' } }]);
});

test('a tool may be given less time than the others', async () => {
  const { message } = await send(cluster.url, toolCall('old_slow', { ms: 5_000 }));
  expect(message.error).toMatchObject({ data: { name: 'deadline_exceeded' } });
});
