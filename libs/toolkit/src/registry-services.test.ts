import { describe, expect, it, vi } from 'vitest';
import { createCallContext } from './call-context.ts';
import { inputRequired } from './input/input-required.ts';
import { definePlugin, type Plugin, type PluginHost } from './plugin.ts';
import { Registry } from './registry.ts';
import { aCall, aToolCall, RecordingSink } from './testing/calls.ts';
import { defineTool } from './tool.ts';

async function registered(plugin: Plugin): Promise<Registry> {
  const registry = new Registry();
  await registry.register(plugin);
  return registry;
}

describe('what handlers share with their cluster', () => {
  it('is told of changed resources by handlers and by plugins', async () => {
    const announce = vi.fn();
    const registry = new Registry({ announce });
    const touch = defineTool({
      name: 'touch',
      handler: (_, { resourceUpdated }) => {
        resourceUpdated('docs://a');
        return 'done';
      },
    });
    const setup = (host: PluginHost) => {
      host.resourceUpdated('docs://b');
      return {};
    };
    await registry.register(definePlugin({ name: 'p', version: '1', tools: [touch], setup }));
    const call = aToolCall('touch');
    await registry.find(call)?.run(call, registry.createContext(call, new RecordingSink()));
    expect(announce.mock.calls).toEqual([['docs://b'], ['docs://a']]);
  });

  it('invalidates cached results for handlers and for plugins, who can wait for it', async () => {
    const invalidated: (readonly string[])[] = [];
    const invalidate = async (tags: readonly string[]) => void invalidated.push(tags);
    const registry = new Registry({ invalidate });
    const change = defineTool({
      name: 'change',
      handler: async (_, context) => {
        await context.invalidate(['users']);
        return String(invalidated.length);
      },
    });
    const setup = async (host: PluginHost) => {
      await host.invalidate(['all']);
      return {};
    };
    await registry.register(definePlugin({ name: 'p', version: '1', tools: [change], setup }));
    const call = aToolCall('change');
    const result = await registry.find(call)?.run(call, registry.createContext(call, new RecordingSink()));
    expect(result).toMatchObject({ content: [{ text: '2' }] });
    expect(invalidated).toEqual([['all'], ['users']]);
  });

  it('has nothing to invalidate in a process without a cluster', async () => {
    const call = aToolCall('change');
    await expect(createCallContext(call, new RecordingSink()).invalidate(['a'])).resolves.toBeUndefined();
  });

  it('signs with the key of the fleet', async () => {
    const asks = defineTool({ name: 'asks', handler: () => inputRequired({ state: 'kept' }) });
    const reads = async (stateKey: string, params: object = {}) => {
      const registry = new Registry();
      registry.useStateKey(stateKey);
      await registry.register(definePlugin({ name: 'p', version: '1', tools: [asks] }));
      const call = aCall({ target: 'asks', params: { ...params } });
      return registry.find(call)?.run(call, registry.createContext(call, new RecordingSink()));
    };
    const requestState = (await reads('the fleet'))?.['requestState'];
    expect(await reads('the fleet', { requestState })).toMatchObject({ resultType: 'input_required' });
    await expect(reads('a stranger', { requestState })).rejects.toMatchObject({ kind: 'invalid_params' });
  });

  it('offers how tools run as tasks, and refuses what makes no sense', async () => {
    const handler = () => '';
    const registry = await registered(
      definePlugin({
        name: 'p',
        version: '1',
        tools: [
          defineTool({ name: 'a', task: 'optional', promoteAfterMs: 50, handler }),
          defineTool({ name: 'b', task: 'required', handler }),
          defineTool({ name: 'c', handler }),
        ],
      }),
    );
    expect(
      registry.offer(['default']).tools.map(({ task, promoteAfterMs }) => [task, promoteAfterMs]),
    ).toEqual([
      ['optional', 50],
      ['required', undefined],
      [undefined, undefined],
    ]);
    const tools = [defineTool({ name: 'd', promoteAfterMs: 50, handler })];
    const wrong = registry.register(definePlugin({ name: 'q', version: '1', tools }));
    await expect(wrong).rejects.toThrow("Tool d: promoteAfterMs works together with task: 'optional' only");
  });
});
