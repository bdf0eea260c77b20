import type { Call, JsonObject } from '@millrace/protocol';
import type { CallContext, ListedServer } from '@millrace/toolkit';
import { expect, test, vi } from 'vitest';
import { readUpstreams } from './read-upstreams.ts';
import type { UpstreamInput, UpstreamSettings } from './settings.ts';
import { readUpstreamParts } from './upstream-parts.ts';

const LISTS: Record<string, JsonObject> = {
  'tools/list': {
    tools: [
      { name: 'read', inputSchema: {}, annotations: { readOnlyHint: true } },
      { name: 'write', inputSchema: {}, execution: { taskSupport: 'optional' } },
      { name: 'drop', inputSchema: {} },
    ],
  },
  'resources/list': { resources: [{ uri: 'a://b', name: 'b' }] },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'a://{x}', name: 'x' }] },
  'prompts/list': { prompts: [{ name: 'greet' }] },
};
const server = {
  capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
  request: async (method: string) => LISTS[method] ?? {},
};

async function partsOf(input: Partial<UpstreamInput> = {}, from: ListedServer = server) {
  const [settings] = readUpstreams({ files: { command: 'x', ...input } }, {});
  const run = vi.fn(async () => ({}));
  const onRefused = vi.fn();
  const parts = await readUpstreamParts(from, settings as UpstreamSettings, run, onRefused);
  const { tools = [], resources = [], resourceTemplates = [], prompts = [] } = parts;
  return { run, onRefused, tools, resources, resourceTemplates, prompts };
}

const call = { params: {} } as Call;
const context = {} as CallContext;

test('tools and prompts are described by our names, and run by those of the upstream', async () => {
  const { tools, prompts, run } = await partsOf({ prefix: 'f_', rename: { read: 'open' } });
  expect(tools.map((tool) => [tool.name, tool.describe().name])).toEqual([
    ['open', 'open'],
    ['f_write', 'f_write'],
    ['f_drop', 'f_drop'],
  ]);
  await tools[0]?.run(call, context);
  await prompts[0]?.run(call, context);
  await prompts[0]?.completion.run(call, context);
  expect(run.mock.calls).toEqual([
    [call, context, 'read', true],
    [call, context, 'greet', true],
    [call, context, 'greet', true],
  ]);
});

test('a tool with a schema that cannot be used is not served, and keeps no other from being', async () => {
  const tools = [
    { name: 'far', inputSchema: { $ref: 'https://example.com/schema.json' } },
    { name: 'near', inputSchema: { type: 'object' } },
  ];
  const parts = await partsOf({}, { capabilities: { tools: {} }, request: async () => ({ tools }) });
  expect(parts.tools.map(({ name }) => name)).toEqual(['near']);
  expect(parts.onRefused.mock.calls[0]?.[0]).toMatchObject({
    message: expect.stringContaining('Tool far, input: $ref https://example.com/schema.json leads out'),
  });
});

test('resources and templates keep their URIs', async () => {
  const { resources, resourceTemplates, run } = await partsOf({ prefix: 'f_' });
  expect([resources[0]?.uri, resourceTemplates[0]?.uriTemplate]).toEqual(['a://b', 'a://{x}']);
  await resources[0]?.run(call, context);
  await resourceTemplates[0]?.completion.run(call, context);
  expect(run.mock.calls).toEqual([
    [call, context, undefined, true],
    [call, context, undefined, true],
  ]);
});

test('only the tools that are wanted are served', async () => {
  const { tools } = await partsOf({ include: ['read', 'd*'], exclude: ['drop'] });
  expect(tools.map(({ name }) => name)).toEqual(['read']);
});

test('a second run does no harm where the annotations or the configuration say so', async () => {
  const { tools, run } = await partsOf({
    tools: { write: { idempotent: true }, read: { idempotent: false } },
  });
  expect(tools.map(({ name, idempotent }) => [name, idempotent])).toEqual([
    ['read', false],
    ['write', true],
    ['drop', false],
  ]);
  await tools[1]?.run(call, context);
  expect(run.mock.calls).toEqual([[call, context, 'write', true]]);
});

test('time limits, tasks and policies come from the configuration', async () => {
  const { tools, resources } = await partsOf({
    pool: 'slow',
    timeoutMs: 9_000,
    tools: {
      '*': { policies: { retry: { attempts: 4 }, cache: { ttlMs: 1_000 } } },
      write: { timeoutMs: 50, task: 'optional', promoteAfterMs: 10 },
    },
  });
  expect(tools[1]).toMatchObject({
    pool: 'slow',
    timeoutMs: 50,
    task: 'optional',
    promoteAfterMs: 10,
    policies: { retry: { attempts: 4, baseMs: 100 }, cache: { ttlMs: 1_000, scope: 'private' } },
  });
  expect(tools[0]).toMatchObject({ timeoutMs: 9_000, policies: { retry: { attempts: 4 } } });
  expect(resources[0]).toMatchObject({ pool: 'slow', timeoutMs: 9_000 });
});

test('how the upstream itself would run a tool as a task is not told', async () => {
  const { tools } = await partsOf();
  expect(tools[1]?.describe()).toEqual({ name: 'write', inputSchema: {} });
});

test('what keeps state for its caller says so, in everything that it serves', async () => {
  const { tools, resources, resourceTemplates, prompts } = await partsOf({ affinity: 'session' });
  const all = [...tools, ...resources, ...resourceTemplates, ...prompts];
  expect(new Set(all.map(({ affinity }) => affinity))).toEqual(new Set(['files']));
});
