import { ERROR_META_KEY, type JsonObject } from '@millrace/protocol';
import { ContextManager, type EventStore, MemoryStateStore, StateError } from '@millrace/state';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePlugin } from './plugin.ts';
import { Registry } from './registry.ts';
import { aContext, aToolCall, RecordingSink } from './testing/calls.ts';
import { defineTool } from './tool.ts';

const session = (name: string, id = 's1') => aToolCall(name, {}, { revision: '2025-11-25', session: id });

describe('the store of a context', () => {
  it('is there without a cluster, for each session and for each tool', async () => {
    await aContext(session('a')).store().set('k', 1);
    expect(await aContext(session('a')).store().get('k')).toBe(1);
    expect(await aContext(session('b')).store().get('k')).toBeUndefined();
    expect(await aContext(session('a', 's2')).store().get('k')).toBeUndefined();
  });

  it('is shared by tools that name what they share, and by nobody who is only named so', async () => {
    await aContext(session('a')).store({ namespace: 'both' }).set('k', 1);
    expect(await aContext(session('b')).store({ namespace: 'both' }).get('k')).toBe(1);
    expect(await aContext(session('both')).store().get('k')).toBeUndefined();
  });

  it('gives a handle to a call without a session, and opens it again', async () => {
    const kept = aContext(aToolCall('a')).store();
    await kept.set('k', 1);
    const handle = kept.handle;
    expect(await aContext(aToolCall('a')).store({ handle }).get('k')).toBe(1);
    expect(() => aContext(aToolCall('b')).store({ handle })).toThrow(StateError);
  });

  it('belongs to the principal of the call', async () => {
    const principal = { id: 'ada', tenant: 'acme' };
    const kept = aContext(aToolCall('a', {}, { principal })).store();
    await kept.set('k', 1);
    const { handle } = kept;
    expect(
      await aContext(aToolCall('a', {}, { principal }))
        .store({ handle })
        .get('k'),
    ).toBe(1);
    expect(() => aContext(aToolCall('a')).store({ handle })).toThrow(StateError);
  });

  it('accepts handles of the key of the fleet alone', async () => {
    const contexts = new ContextManager({ store: new MemoryStateStore() });
    const [one, same, stranger] = ['fleet', 'fleet', 'other'].map((key) => {
      const registry = new Registry({ contexts });
      registry.useStateKey(key);
      return registry.createContext(aToolCall('a'), new RecordingSink());
    });
    const kept = one?.store();
    await kept?.set('k', 1);
    expect(await same?.store({ handle: kept?.handle }).get('k')).toBe(1);
    expect(() => stranger?.store({ handle: kept?.handle })).toThrow(StateError);
  });
});

it.each([
  ['unavailable', 'unavailable', true],
  ['full', 'unavailable', true],
  ['conflict', 'conflict', false],
  ['too_large', 'validation', false],
  ['invalid', 'validation', false],
  ['unknown_handle', 'resource_not_found', false],
  ['forged_handle', 'authorization', false],
  ['failed', 'internal_server_error', false],
] as const)(
  'a client is told of a failure for the reason %s, but not of its cause',
  async (reason, type, retryable) => {
    const tool = defineTool({
      name: 'fails',
      handler: () => {
        throw new StateError(reason, 'what happened', { details: { key: 'k' }, cause: new Error('secret') });
      },
    });
    const call = aToolCall('fails');
    const result = (await tool.run(call, aContext(call))) as { _meta: JsonObject };
    expect(result._meta[ERROR_META_KEY]).toMatchObject({
      type,
      retryable,
      message: 'what happened',
      details: { reason, key: 'k' },
      ...(retryable && { retryAfterMs: 500 }),
    });
    expect(JSON.stringify(result)).not.toContain('secret');
  },
);

it('a plugin opens stores of events at its set-up', async () => {
  const opened: { words?: EventStore<string[]> } = {};
  const registry = new Registry();
  await registry.register(
    definePlugin({
      name: 'p',
      version: '1',
      setup: ({ openEvents }) => {
        const words = openEvents<string[]>({
          name: 'word',
          initial: [],
          reduce: (all, { data }) => [...all, z.string().parse(data)],
        });
        opened.words = words;
        return {};
      },
    }),
  );
  const id = { tenant: 'acme', id: '1' };
  await opened.words?.append(id, 0, [{ type: 'said', data: 'hello' }]);
  expect(await opened.words?.rebuild(id)).toEqual({ state: ['hello'], version: 1, replayed: 1 });
});
