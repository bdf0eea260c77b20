import { definePlugin, defineTool, type PluginLog, ToolError } from '@millrace/toolkit';
import { z } from 'zod';
import { gates } from './gates.ts';

const TEXT = z.object({ text: z.string() });
const READ_ONLY = { readOnlyHint: true };

/** One worker only serves it, so that it is known where calls meet. */
const LONE = 'lone';

/** So long that a test whose batch leaves no other way fails. */
const NEVER_MS = 60_000;

const textsOf = (items: readonly { args: { text: string } }[]) => items.map(({ args }) => args.text);

const tools = (log: PluginLog) => [
  defineTool({
    name: 'together',
    description: 'Tells each caller who was in its batch of four.',
    pool: LONE,
    input: TEXT,
    annotations: READ_ONLY,
    batch: { maxSize: 4, maxWaitMs: NEVER_MS, eager: false },
    handler: (items) => items.map(({ args }) => `${args.text} of ${textsOf(items).toSorted().join('')}`),
  }),
  defineTool({
    name: 'briefly',
    description: 'Like together, but nobody waits for its batch for longer than 300 ms.',
    pool: LONE,
    input: TEXT,
    annotations: READ_ONLY,
    timeoutMs: 300,
    batch: { maxSize: 4, maxWaitMs: NEVER_MS, eager: false },
    handler: (items) => {
      log.info({ texts: textsOf(items).join('') }, 'ran briefly');
      return items.map(() => 'in time');
    },
  }),
  defineTool({
    name: 'patient',
    description: 'Waits 300 ms for others.',
    pool: LONE,
    input: TEXT,
    annotations: READ_ONLY,
    batch: { maxWaitMs: 300, eager: false },
    handler: (items) => items.map(() => `one of ${items.length}`),
  }),
  defineTool({
    name: 'held_batch',
    description: 'Each run ends when it is released, by the first of its texts.',
    pool: LONE,
    input: TEXT,
    annotations: READ_ONLY,
    batch: { maxWaitMs: NEVER_MS },
    handler: async (items) => {
      const [key = ''] = textsOf(items);
      log.info({ key, size: items.length }, 'batch started');
      await gates.pass(key, new AbortController().signal);
      return items.map(({ args }) => `${args.text} in ${items.length}`);
    },
  }),
  defineTool({
    name: 'survivor',
    description: 'Ends when it is released; any worker may run it.',
    input: TEXT,
    annotations: READ_ONLY,
    batch: {},
    handler: async (items) => {
      log.info({ texts: textsOf(items).toSorted().join('') }, 'survivor started');
      await gates.pass('survivor', new AbortController().signal);
      return items.map(({ args }) => `${args.text} survived`);
    },
  }),
  defineTool({
    name: 'picky',
    description: 'Refuses what begins with an x, and does not take the blame for others.',
    input: TEXT,
    annotations: READ_ONLY,
    batch: { maxWaitMs: NEVER_MS },
    handler: (items) =>
      items.map(({ args }) =>
        args.text.startsWith('x')
          ? new ToolError(`${args.text} is not wanted`, { type: 'validation', details: { text: args.text } })
          : args.text,
      ),
  }),
  defineTool({
    name: 'apart',
    description: 'Like together, but for two calls of one tenant.',
    pool: LONE,
    input: TEXT,
    annotations: READ_ONLY,
    batch: { maxSize: 2, maxWaitMs: NEVER_MS, eager: false, perTenant: true },
    handler: (items) => items.map(({ args }) => `${args.text} of ${textsOf(items).toSorted().join('')}`),
  }),
  defineTool({
    name: 'too_few',
    description: 'Loses a result.',
    pool: LONE,
    input: TEXT,
    annotations: READ_ONLY,
    batch: { maxSize: 3, maxWaitMs: NEVER_MS, eager: false },
    handler: (items) => textsOf(items).slice(1),
  }),
  defineTool({
    name: 'plain',
    description: 'Takes one call at a time, in the pool of the others.',
    pool: LONE,
    annotations: READ_ONLY,
    handler: () => 'plain',
  }),
];

export default definePlugin({
  name: 'batching',
  version: '1.0.0',
  setup: ({ log }) => ({ tools: tools(log) }),
});
