import type { Call } from '@millrace/protocol';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Middleware } from './middleware.ts';
import { definePlugin, type PluginHost } from './plugin.ts';
import { definePrompt } from './prompt.ts';
import { Registry, unknownTarget } from './registry.ts';
import { defineResource } from './resource.ts';
import { defineResourceTemplate } from './resource-template.ts';
import { aCall, aContext, aToolCall } from './testing/calls.ts';
import { defineTool } from './tool.ts';

const tool = (name: string, pool?: string) =>
  defineTool({ name, ...(pool && { pool }), handler: () => name });

const everything = definePlugin({
  name: 'everything',
  version: '1.0.0',
  tools: [tool('zeta'), tool('alpha'), tool('heavy', 'gpu')],
  resources: [defineResource({ uri: 'user://me', name: 'me', read: () => 'me' })],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: 'user://{id}',
      name: 'user',
      list: () => [
        { uri: 'user://1', name: 'Ada' },
        { uri: 'user://me', name: 'a double' },
      ],
      read: (_uri, { id }) => `user ${id}`,
    }),
  ],
  prompts: [
    definePrompt({
      name: 'greet',
      arguments: z.object({ who: z.string() }),
      complete: { who: () => ['Ada'] },
      render: ({ who }) => who,
    }),
  ],
});

async function registryWith(...plugins: Parameters<Registry['register']>[0][]): Promise<Registry> {
  const registry = new Registry();
  for (const plugin of plugins) await registry.register(plugin);
  return registry;
}

async function answer(registry: Registry, call: Call) {
  return registry.find(call)?.run(call, aContext(call));
}

describe('the registry', () => {
  it('offers what its plugins serve in the pools of the worker, sorted', async () => {
    const registry = await registryWith(everything);
    const offer = registry.offer(['default']);
    expect(offer.tools.map(({ definition, pool }) => [definition.name, pool])).toEqual([
      ['alpha', 'default'],
      ['zeta', 'default'],
    ]);
    expect(offer.tools[0]).toMatchObject({ idempotent: false });
    expect(offer.resources.map((entry) => entry.definition)).toEqual([
      { uri: 'user://1', name: 'Ada' },
      { uri: 'user://me', name: 'me' },
    ]);
    expect(offer.resourceTemplates.map((entry) => entry.definition.uriTemplate)).toEqual(['user://{id}']);
    expect(offer.prompts.map((entry) => entry.definition.name)).toEqual(['greet']);
    expect(registry.offer(['gpu']).tools.map((entry) => entry.definition.name)).toEqual(['heavy']);
    expect(registry.offer(['none'])).toEqual({
      tools: [],
      resources: [],
      resourceTemplates: [],
      prompts: [],
    });
  });

  it('finds what answers a call', async () => {
    const registry = await registryWith(everything);
    const read = (uri: string) => answer(registry, aCall({ method: 'resources/read', target: uri }));
    expect(await answer(registry, aToolCall('zeta'))).toMatchObject({ content: [{ text: 'zeta' }] });
    expect(await read('user://me')).toMatchObject({ contents: [{ text: 'me' }] });
    expect(await read('user://7')).toMatchObject({ contents: [{ text: 'user 7' }] });
    const prompt = aCall({ method: 'prompts/get', target: 'greet', params: { arguments: { who: 'Ada' } } });
    expect(await answer(registry, prompt)).toMatchObject({ messages: [{ content: { text: 'Ada' } }] });
  });

  it.each([
    [{ type: 'ref/prompt', name: 'greet' }, ['Ada']],
    [{ type: 'ref/resource', uri: 'user://{id}' }, []],
    [{ type: 'ref/resource', uri: 'user://me' }, []],
  ])('finds what completes %j', async (ref, values) => {
    const registry = await registryWith(everything);
    const params = { ref, argument: { name: 'who', value: '' } };
    expect(await answer(registry, aCall({ method: 'completion/complete', params }))).toMatchObject({
      completion: { values },
    });
  });

  it.each<[Call['method'], string, object, string]>([
    ['tools/call', 'nope', {}, 'unknown_tool'],
    ['prompts/get', 'nope', {}, 'unknown_prompt'],
    ['resources/read', 'nope://1', {}, 'resource_not_found'],
    ['completion/complete', 'nope', { ref: { type: 'ref/prompt', name: 'nope' } }, 'invalid_params'],
    ['completion/complete', 'nope', { ref: { type: 'ref/other' } }, 'invalid_params'],
    ['completion/complete', 'nope', {}, 'invalid_params'],
  ])('finds nothing for an unknown target of %s', async (method, target, params, kind) => {
    const registry = await registryWith(everything);
    expect(registry.find({ method, target, params: { ...params } })).toBeUndefined();
    expect(unknownTarget({ method, target })).toMatchObject({
      kind,
      code: -32602,
      message: expect.stringContaining(target),
    });
  });

  it('tells of each change until told to stop', async () => {
    const registry = new Registry();
    const listener = vi.fn();
    const stop = registry.onChange(listener);
    await registry.register(everything);
    await registry.unregister('everything');
    expect(listener).toHaveBeenCalledTimes(2);
    stop();
    await registry.register(everything);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('goes on when a listener fails', async () => {
    const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const registry = new Registry({ log });
    registry.onChange(() => {
      throw new Error('no');
    });
    await registry.register(everything);
    expect(registry.offer(['default']).tools).toHaveLength(2);
    expect(log.error).toHaveBeenCalledOnce();
  });

  it('orders the middleware of all plugins', async () => {
    const layers = [1, 2, 3].map((): Middleware => (_call, _context, next) => next());
    const [a, b, c] = layers as [Middleware, Middleware, Middleware];
    const registry = await registryWith(
      definePlugin({ name: 'one', version: '1', middleware: [a, { order: 9, handle: b }] }),
      definePlugin({ name: 'two', version: '1', middleware: [{ order: -9, handle: c }] }),
    );
    expect(registry.middleware()).toEqual([c, a, b]);
    expect(registry.middleware()).toBe(registry.middleware());
  });
});

describe('a plugin', () => {
  const settings = (seen: string[]) =>
    definePlugin({
      name: 'settings',
      version: '1.0.0',
      tools: [tool('fixed')],
      async setup({ env }) {
        seen.push('opened');
        return {
          tools: [defineTool({ name: 'setting', handler: () => String(env['COLOUR']) })],
          teardown: () => void seen.push('closed'),
        };
      },
    });

  it('builds parts that close over what its set-up opened, and gives it back', async () => {
    const seen: string[] = [];
    const registry = new Registry({ env: { COLOUR: 'green' } });
    await registry.register(settings(seen));
    expect(await answer(registry, aToolCall('setting'))).toMatchObject({ content: [{ text: 'green' }] });
    expect(registry.find(aToolCall('fixed'))).toBeDefined();
    await registry.unregister('settings');
    expect(registry.find(aToolCall('setting'))).toBeUndefined();
    expect(seen).toEqual(['opened', 'closed']);
    await expect(registry.unregister('settings')).rejects.toThrow('"settings" is not registered');
  });

  it('is refused when one of its name is there', async () => {
    const registry = await registryWith(everything);
    await expect(registry.register({ ...everything, version: '2.0.0' })).rejects.toThrow(
      'Plugin "everything" 2.0.0 cannot be registered: "everything" 1.0.0 is there already',
    );
  });

  it('is refused, and torn down, when a name of it is taken; both plugins are named', async () => {
    const seen: string[] = [];
    const registry = await registryWith(
      definePlugin({ name: 'first', version: '1', tools: [tool('setting')] }),
    );
    await expect(registry.register(settings(seen))).rejects.toThrow(
      'The tool "setting" of plugin "settings" is taken: plugin "first" has one of that name',
    );
    expect(seen).toEqual(['opened', 'closed']);
    expect(registry.find(aToolCall('fixed'))).toBeUndefined();
    await registry.unregister('first');
    await registry.register(settings(seen));
  });

  it.each([
    ['prompt', { prompts: [definePrompt({ name: 'greet', render: () => '' })] }],
    ['resource', { resources: [defineResource({ uri: 'user://me', name: 'x', read: () => '' })] }],
    [
      'resource template',
      {
        resourceTemplates: [
          defineResourceTemplate({ uriTemplate: 'user://{id}', name: 'x', read: () => '' }),
        ],
      },
    ],
  ])('is refused when a %s of it is taken', async (kind, parts) => {
    const registry = await registryWith(everything);
    await expect(registry.register({ name: 'late', version: '1', ...parts })).rejects.toThrow(
      new RegExp(`^The ${kind} ".*" of plugin "late" is taken: plugin "everything"`),
    );
  });

  it('leaves nothing when its set-up fails', async () => {
    const registry = new Registry();
    const failing = definePlugin({
      name: 'settings',
      version: '1',
      tools: [tool('fixed')],
      setup: () => Promise.reject(new Error('no database')),
    });
    await expect(registry.register(failing)).rejects.toThrow('no database');
    expect(registry.find(aToolCall('fixed'))).toBeUndefined();
    await registry.register(settings([]));
  });

  it('leaves nothing when a schema of it cannot be served, and says which', async () => {
    const dated = defineTool({ name: 'dated', input: z.object({ since: z.date() }), handler: () => '' });
    const registry = new Registry();
    await expect(registry.register({ name: 'p', version: '1', tools: [tool('ok'), dated] })).rejects.toThrow(
      'Tool dated, input, field since: Date cannot be represented in JSON Schema',
    );
    expect(registry.offer(['default']).tools).toEqual([]);
  });

  it('may change what it serves at run time', async () => {
    const hosts: PluginHost[] = [];
    const registry = await registryWith({
      name: 'changing',
      version: '1',
      setup: (host) => {
        hosts.push(host);
        return { tools: [tool('old')] };
      },
    });
    const listener = vi.fn();
    registry.onChange(listener);
    await hosts[0]?.replace({ tools: [tool('new')] });
    expect(registry.offer(['default']).tools.map((entry) => entry.definition.name)).toEqual(['new']);
    await expect(hosts[0]?.replace({ tools: [tool('not allowed')] })).rejects.toThrow('is not allowed');
    expect(registry.find(aToolCall('new'))).toBeDefined();
    await registry.unregister('changing');
    await hosts[0]?.replace({ tools: [tool('ghost')] });
    expect(registry.find(aToolCall('ghost'))).toBeUndefined();
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('is torn down in reverse order when the registry closes, whatever the others do', async () => {
    const seen: string[] = [];
    const plugin = (name: string, fails = false) =>
      definePlugin({
        name,
        version: '1',
        setup: () => ({
          teardown: () => {
            seen.push(name);
            if (fails) throw new Error(`${name} hangs`);
          },
        }),
      });
    const registry = await registryWith(plugin('a'), plugin('b', true), plugin('c'));
    const error = await registry.close().catch((thrown: unknown) => thrown as AggregateError);
    expect(seen).toEqual(['c', 'b', 'a']);
    expect((error as AggregateError).errors).toMatchObject([
      { message: 'Plugin "b" could not be torn down' },
    ]);
    await registry.close();
    await expect(registry.register(plugin('d'))).rejects.toThrow('the registry is closed');
    expect(seen).toEqual(['c', 'b', 'a', 'd']);
  });
});
