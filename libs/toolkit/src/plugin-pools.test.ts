import { ERROR_META_KEY } from '@millrace/protocol';
import type { ResourcePool } from '@millrace/resilience';
import { expect, it, vi } from 'vitest';
import { definePlugin } from './plugin.ts';
import { Registry } from './registry.ts';
import { aContext, aToolCall } from './testing/calls.ts';
import { defineTool } from './tool.ts';

interface Line {
  readonly number: number;
}

/** A plugin whose tool needs one of two lines, and what became of the lines. */
function phone(options: { maxWaitMs?: number; create?: () => Promise<Line> } = {}) {
  const events: string[] = [];
  const lines: { pool?: ResourcePool<Line> } = {};
  const plugin = definePlugin({
    name: 'phone',
    version: '1',
    setup({ openPool }) {
      let number = 0;
      const pool = openPool<Line>({
        name: 'lines',
        max: 1,
        create: async () => ({ number: ++number }),
        destroy: (line) => void events.push(`line ${line.number} closed`),
        ...options,
      });
      lines.pool = pool;
      const dial = defineTool({
        name: 'dial',
        handler: (_, { deadline, signal }) =>
          pool.use((line) => `on line ${line.number}`, { deadline, signal }),
      });
      return { tools: [dial], teardown: () => void events.push('torn down') };
    },
  });
  return { plugin, events, lines };
}

async function dial(registry: Registry) {
  const call = aToolCall('dial');
  return registry.find(call)?.run(call, aContext(call));
}

it('a plugin gets pools whose figures the worker is told, and which close after its tear-down', async () => {
  const onPool = vi.fn();
  const registry = new Registry({ onPool });
  const { plugin, events } = phone();
  await registry.register(plugin);
  expect(await dial(registry)).toMatchObject({ content: [{ text: 'on line 1' }] });
  expect(onPool).toHaveBeenCalledWith('lines', { idle: 0, borrowed: 1, waiting: 0, max: 1 });
  await registry.unregister('phone');
  expect(events).toEqual(['torn down', 'line 1 closed']);
  expect(onPool).toHaveBeenLastCalledWith('lines', { idle: 0, borrowed: 0, waiting: 0, max: 1 });
});

it('a tool that gets no resource fails in a way that another try may help', async () => {
  const registry = new Registry();
  const { plugin, lines } = phone({ maxWaitMs: 10 });
  await registry.register(plugin);
  const free = Promise.withResolvers<void>();
  const holder = lines.pool?.use(() => free.promise);
  expect(await dial(registry)).toMatchObject({
    isError: true,
    content: [{ text: 'No resource of the pool lines: none became free in time' }],
    _meta: {
      [ERROR_META_KEY]: {
        type: 'unavailable',
        details: { pool: 'lines', reason: 'timeout' },
        retryable: true,
        retryAfterMs: 1_000,
      },
    },
  });
  free.resolve();
  await holder;
  await registry.close();
});

it('why a resource cannot be opened is for the log alone', async () => {
  const registry = new Registry();
  const create = async () => {
    throw new Error('password of db-7 is wrong');
  };
  await registry.register(phone({ create }).plugin);
  const result = await dial(registry);
  expect(result).toMatchObject({
    content: [{ text: 'No resource of the pool lines: none could be opened' }],
  });
  expect(JSON.stringify(result)).not.toContain('db-7');
  await registry.close();
});

it('pools of a plugin whose set-up fails are closed', async () => {
  const closed = vi.fn();
  const registry = new Registry();
  const plugin = definePlugin({
    name: 'broken',
    version: '1',
    async setup({ openPool }) {
      await openPool({ name: 'p', max: 1, create: async () => ({}), destroy: closed }).use(() => 'opened');
      throw new Error('something else is missing');
    },
  });
  await expect(registry.register(plugin)).rejects.toThrow('something else is missing');
  expect(closed).toHaveBeenCalledOnce();
});
