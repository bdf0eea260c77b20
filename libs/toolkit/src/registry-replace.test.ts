import { describe, expect, test } from 'vitest';
import type { Plugin } from './plugin.ts';
import { Registry, type RegistryOptions } from './registry.ts';
import { aContext, aToolCall } from './testing/calls.ts';
import { defineTool } from './tool.ts';

/** A plugin whose tool tells its version, and whose tear-down is noted. */
function versioned(version: string, torn: string[] = [], names: readonly string[] = ['which']): Plugin {
  return {
    name: 'subject',
    version,
    setup: () => ({
      tools: names.map((name) => defineTool({ name, handler: () => version })),
      teardown: () => void torn.push(version),
    }),
  };
}

async function registryWith(plugin: Plugin, options: RegistryOptions = {}): Promise<Registry> {
  const registry = new Registry(options);
  await registry.register(plugin);
  return registry;
}

async function answerOf(registry: Registry, name = 'which'): Promise<unknown> {
  const call = aToolCall(name);
  const result = await registry.find(call)?.run(call, aContext(call));
  return (result?.['content'] as { text: string }[] | undefined)?.[0]?.text;
}

describe('a plugin that is replaced', () => {
  test('serves its new version at once, and its old one is torn down', async () => {
    const torn: string[] = [];
    const registry = await registryWith(versioned('1.0.0', torn));
    expect(registry.plugins).toEqual(['subject@1.0.0']);
    await registry.replace(versioned('2.0.0', torn));
    expect(await answerOf(registry)).toBe('2.0.0');
    expect([registry.plugins, torn]).toEqual([['subject@2.0.0'], ['1.0.0']]);
    await registry.close();
    expect(torn).toEqual(['1.0.0', '2.0.0']);
  });

  test('keeps what its old version holds until the calls on it have ended', async () => {
    const torn: string[] = [];
    const calls = Promise.withResolvers<void>();
    const registry = await registryWith(versioned('1.0.0', torn), { settled: () => calls.promise });
    const replaced = registry.replace(versioned('2.0.0', torn));
    await expect.poll(() => answerOf(registry)).toBe('2.0.0');
    expect(torn).toEqual([]);
    calls.resolve();
    await replaced;
    expect(torn).toEqual(['1.0.0']);
  });

  test('is never away: each change of the registry has the name', async () => {
    const registry = await registryWith(versioned('1.0.0'));
    const seen: boolean[] = [];
    registry.onChange(() => seen.push(registry.find(aToolCall('which')) !== undefined));
    await registry.replace(versioned('2.0.0'));
    expect(seen).toEqual([true]);
  });

  test('may serve other names in its new version', async () => {
    const registry = await registryWith(versioned('1.0.0', [], ['which', 'old']));
    await registry.replace(versioned('2.0.0', [], ['which', 'new']));
    expect(await answerOf(registry, 'new')).toBe('2.0.0');
    expect(registry.find(aToolCall('old'))).toBeUndefined();
  });

  test('is registered when it was not there', async () => {
    const registry = new Registry();
    await registry.replace(versioned('1.0.0'));
    expect(await answerOf(registry)).toBe('1.0.0');
  });

  test.each([
    [
      'a set-up that fails',
      { ...versioned('2.0.0'), setup: () => Promise.reject(new Error('no database')) },
      'no database',
    ],
    ['a name that is not allowed', versioned('2.0.0', [], ['not allowed']), 'is not allowed'],
    ['a name that is taken', versioned('2.0.0', [], ['which', 'taken']), 'is taken'],
  ])('stays as it was with %s', async (_, next, message) => {
    const torn: string[] = [];
    const registry = await registryWith(versioned('1.0.0', torn));
    const other = defineTool({ name: 'taken', handler: () => '' });
    await registry.register({ name: 'other', version: '1', tools: [other] });
    await expect(registry.replace(next as Plugin)).rejects.toThrow(message);
    expect([await answerOf(registry), registry.plugins, torn]).toEqual([
      '1.0.0',
      ['other@1', 'subject@1.0.0'],
      [],
    ]);
  });

  test('is not replaced when it was taken out meanwhile', async () => {
    const registry = await registryWith(versioned('1.0.0'));
    const ready = Promise.withResolvers<object>();
    const replaced = registry.replace({ name: 'subject', version: '2.0.0', setup: () => ready.promise });
    await registry.unregister('subject');
    ready.resolve({});
    await expect(replaced).rejects.toThrow('the one that it replaces is gone');
    expect(registry.plugins).toEqual([]);
  });
});
