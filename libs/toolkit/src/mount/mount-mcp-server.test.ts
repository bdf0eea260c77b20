import { ERROR_META_KEY, type JsonObject, META, MODERN_REVISION } from '@millrace/protocol';
import { Server } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ClientError } from '../input/client-error.ts';
import { Registry } from '../registry.ts';
import { aCall, aContext, aToolCall, RecordingSink } from '../testing/calls.ts';
import { events, serverOfV1, serverOfV2 } from '../testing/servers.ts';
import { serverThatAsksOfV1, serverThatAsksOfV2 } from '../testing/servers-that-ask.ts';
import { type MountOptions, mountMcpServer } from './mount-mcp-server.ts';

const registries: Registry[] = [];

async function mount(options: Omit<MountOptions, 'name'>): Promise<Registry> {
  const registry = new Registry();
  registries.push(registry);
  await registry.register(mountMcpServer({ name: 'mounted', ...options }));
  return registry;
}

function run(
  registry: Registry,
  call: ReturnType<typeof aCall>,
  sink = new RecordingSink(),
): Promise<JsonObject> {
  const target = registry.find(call);
  if (!target) throw new Error(`${call.target} is not found`);
  return target.run(call, aContext(call, sink));
}

afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
  vi.clearAllMocks();
});

describe.each([
  ['SDK v1', serverOfV1],
  ['SDK v2', serverOfV2],
])('a mounted McpServer of %s', (_sdk, factory) => {
  it('is offered as it describes itself', async () => {
    const registry = await mount({ factory, pool: 'old', timeoutMs: 500, idempotent: { fail: true } });
    const offer = registry.offer(['old']);
    const names = offer.tools.map((entry) => [entry.definition.name, entry.idempotent, entry.timeoutMs]);
    expect(names).toEqual([
      ['add', true, 500],
      ['fail', true, 500],
      ['grow', false, 500],
      ['hang', false, 500],
      ['talk', false, 500],
    ]);
    expect(offer.tools[0]?.definition).toMatchObject({
      description: 'Adds',
      inputSchema: { type: 'object', required: ['a', 'b'] },
      outputSchema: { type: 'object', required: ['sum'] },
    });
    expect(offer.resources[0]?.definition).toMatchObject({ uri: 'docs://api', mimeType: 'text/markdown' });
    expect(offer.resourceTemplates[0]?.definition).toMatchObject({
      uriTemplate: 'user://{id}',
      name: 'user',
    });
    expect(offer.prompts[0]?.definition).toMatchObject({ name: 'greet', arguments: [{ name: 'who' }] });
  });

  it('answers calls on instances that are kept', async () => {
    const registry = await mount({ factory });
    for (const a of [1, 2, 3]) {
      expect(await run(registry, aToolCall('add', { a, b: 1 }))).toEqual({
        content: [{ type: 'text', text: `${a + 1}` }],
        structuredContent: { sum: a + 1 },
      });
    }
    expect(events.built).toHaveBeenCalledTimes(1);
  });

  it('answers reads, prompts and completions', async () => {
    const registry = await mount({ factory });
    const read = (uri: string) => aCall({ method: 'resources/read', target: uri, params: { uri } });
    expect(await run(registry, read('docs://api'))).toMatchObject({ contents: [{ text: '# API' }] });
    expect(await run(registry, read('user://7'))).toMatchObject({ contents: [{ text: 'user 7' }] });
    const params = { name: 'greet', arguments: { who: 'Ada' } };
    const prompt = aCall({ method: 'prompts/get', target: 'greet', params });
    expect(await run(registry, prompt)).toMatchObject({ messages: [{ content: { text: 'Greet Ada' } }] });
    for (const [ref, name, values] of [
      [{ type: 'ref/prompt', name: 'greet' }, 'who', ['Ada']],
      [{ type: 'ref/resource', uri: 'user://{id}' }, 'id', ['1', '2']],
    ] as const) {
      const complete = aCall({
        method: 'completion/complete',
        params: { ref, argument: { name, value: '' } },
      });
      expect(await run(registry, complete)).toMatchObject({ completion: { values } });
    }
  });

  it('sends progress under the client’s token, and log messages', async () => {
    const registry = await mount({ factory });
    const sink = new RecordingSink();
    const call = aCall({
      target: 'talk',
      params: {
        name: 'talk',
        arguments: {},
        _meta: {
          progressToken: 'p1',
          [META.protocolVersion]: MODERN_REVISION,
          [META.clientCapabilities]: {},
        },
      },
      logLevel: 'info',
    });
    await run(registry, call, sink);
    expect(sink.sent).toEqual([
      { method: 'notifications/progress', params: { progressToken: 'p1', progress: 1, total: 2 } },
      { method: 'notifications/message', params: { level: 'info', logger: 'talk', data: 'said' } },
    ]);
  });

  it('adds the structured error to a failed result', async () => {
    const registry = await mount({ factory });
    expect(await run(registry, aToolCall('fail'))).toMatchObject({
      isError: true,
      content: [{ text: 'the disk is full' }],
      _meta: { [ERROR_META_KEY]: { type: 'tool_error', message: 'the disk is full' } },
    });
  });

  it('keeps the code and message of a JSON-RPC error', async () => {
    const registry = await mount({ factory });
    const call = aCall({ method: 'prompts/get', target: 'greet', params: { name: 'greet', arguments: {} } });
    await expect(run(registry, call)).rejects.toMatchObject({
      kind: 'invalid_params',
      code: -32602,
      message: expect.stringContaining('who'),
    });
  });

  it('tells the server that a call is cancelled, and never uses that instance again', async () => {
    const registry = await mount({ factory, concurrency: 1 });
    const sink = new RecordingSink();
    const running = run(registry, aToolCall('hang'), sink);
    await vi.waitFor(() => expect(events.started).toHaveBeenCalledOnce());
    const reason = new DOMException('cancelled', 'AbortError');
    sink.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(events.cancelled).toHaveBeenCalledOnce();
    await run(registry, aToolCall('add', { a: 1, b: 1 }));
    expect(events.built).toHaveBeenCalledTimes(2);
  });

  it('is read again when it says that its lists changed', async () => {
    const registry = await mount({ factory, concurrency: 1 });
    const changed = new Promise<void>((resolve) => registry.onChange(resolve));
    await run(registry, aToolCall('grow'));
    await changed;
    expect(registry.offer(['default']).tools.map((entry) => entry.definition.name)).toContain('grown');
    expect(await run(registry, aToolCall('grown'))).toMatchObject({ content: [] });
  });

  it('runs calls side by side up to its bound, and lets the others wait', async () => {
    const registry = await mount({ factory, concurrency: 2 });
    const sinks = [new RecordingSink(), new RecordingSink(), new RecordingSink()] as const;
    const runs = sinks.map((sink) => run(registry, aToolCall('hang'), sink).catch((error: unknown) => error));
    const quick = run(registry, aToolCall('add', { a: 1, b: 1 }));
    await vi.waitFor(() => expect(events.started).toHaveBeenCalledTimes(2));
    // The third leaves the queue; the place of the first goes to the quick one.
    sinks[2].abort('impatient');
    expect(await runs[2]).toBe('impatient');
    sinks[0].abort('enough');
    expect(await quick).toMatchObject({ structuredContent: { sum: 2 } });
    expect(events.started).toHaveBeenCalledTimes(2);
    sinks[1].abort('enough');
    await Promise.all(runs);
  });

  it('ends calls that run when the plugin is unregistered', async () => {
    const registry = await mount({ factory });
    const running = run(registry, aToolCall('hang'));
    await vi.waitFor(() => expect(events.started).toHaveBeenCalledOnce());
    const ended = expect(running).rejects.toThrow('The mounted server "mounted" has closed');
    await registry.unregister('mounted');
    await ended;
  });
});

const form = { message: 'Who?', requestedSchema: { type: 'object' as const, properties: {} } };
const agent = { revision: '2025-11-25', session: 's', capabilities: { elicitation: {}, sampling: {} } };

describe.each([
  ['SDK v1', serverThatAsksOfV1],
  ['SDK v2', serverThatAsksOfV2],
])('a mounted server of %s that asks', (sdk, factory) => {
  const isV2 = sdk === 'SDK v2';

  it('asks the agent of a session', async () => {
    const registry = await mount({ factory });
    const sink = new RecordingSink();
    sink.answers.push({ action: 'accept', content: { name: 'Ada' } });
    expect(await run(registry, aToolCall('ask', undefined, agent), sink)).toMatchObject({
      content: [{ text: 'accept Ada' }],
    });
    expect(sink.asked).toMatchObject([{ method: 'elicitation/create', params: { message: 'Who?' } }]);
  });

  it('is told what the agent says instead', async () => {
    const registry = await mount({ factory });
    const sink = new RecordingSink();
    sink.answers.push(new ClientError({ code: -1, message: 'User rejected' }));
    const result = await run(registry, aToolCall('ask', undefined, agent), sink);
    expect(result).toMatchObject({ isError: true });
    expect(JSON.stringify(result['content'])).toContain('User rejected');
  });

  it('cannot ask an agent for what that did not declare', async () => {
    const registry = await mount({ factory });
    const sink = new RecordingSink();
    const result = await run(registry, aToolCall('ask', undefined, { ...agent, capabilities: {} }), sink);
    expect(result).toMatchObject({ isError: true });
    expect(sink.asked).toEqual([]);
  });

  it(isV2 ? 'asks an agent of 2026-07-28 by its results' : 'cannot ask an agent of 2026-07-28', async () => {
    const registry = await mount({ factory });
    const params = (more: JsonObject = {}) => ({
      name: 'needs',
      arguments: {},
      ...more,
      _meta: {
        [META.protocolVersion]: MODERN_REVISION,
        [META.clientInfo]: { name: 'agent', version: '1' },
        [META.clientCapabilities]: { elicitation: {} },
      },
    });
    const first = await run(registry, aCall({ target: 'needs', params: params() }));
    if (!isV2) return expect(first).toMatchObject({ isError: true });
    expect(first).toMatchObject({
      resultType: 'input_required',
      inputRequests: { who: { method: 'elicitation/create', params: form } },
      requestState: 'their own',
    });
    const inputResponses = { who: { action: 'accept', content: { name: 'Ada' } } };
    const retried = params({ inputResponses, requestState: 'their own' });
    const done = await run(registry, aCall({ target: 'needs', params: retried }));
    expect(done).toMatchObject({ content: [{ text: 'their own Ada' }] });
    expect(done).not.toMatchObject({ _meta: { [META.serverInfo]: {} } });
  });
});

describe('a mounted low-level Server', () => {
  it('is read to the last page of its lists, and keeps the data of its errors', async () => {
    const registry = await mount({
      factory: () => {
        const server = new Server({ name: 'low', version: '1' }, { capabilities: { tools: {} } });
        server.setRequestHandler('tools/list', ({ params }) => {
          const page = Number(params?.cursor ?? 0);
          const tools = [{ name: `tool${page}`, inputSchema: { type: 'object' as const } }];
          return { tools, ...(page < 2 && { nextCursor: `${page + 1}` }) };
        });
        server.setRequestHandler('tools/call', () => {
          throw Object.assign(new Error('no quota'), { code: -32050, data: { quota: 0 } });
        });
        return server;
      },
    });
    expect(registry.offer(['default']).tools.map((entry) => entry.definition.name)).toEqual([
      'tool0',
      'tool1',
      'tool2',
    ]);
    const error = await run(registry, aToolCall('tool0')).catch((thrown: unknown) => thrown);
    expect((error as { toJsonRpc(): unknown }).toJsonRpc()).toEqual({
      code: -32050,
      message: 'no quota',
      data: { quota: 0 },
    });
  });
});

describe('mounting', () => {
  it('fails with the cause when the server cannot be built', async () => {
    const cause = new Error('no licence');
    const failing = mount({
      factory: () => {
        throw cause;
      },
    });
    await expect(failing).rejects.toMatchObject({
      message: 'The mounted server "mounted" could not be started',
      cause,
    });
  });
});
