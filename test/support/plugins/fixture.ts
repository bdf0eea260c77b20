import { definePlugin, defineTool, type PluginLog, ToolError } from '@millrace/toolkit';
import { z } from 'zod';
import { gates } from './gates.ts';
import { prompts, resources, resourceTemplates } from './reading.ts';

const READ_ONLY = { readOnlyHint: true };

const echo = defineTool({
  name: 'echo',
  description: 'Gives back its text.',
  input: z.object({ text: z.string() }),
  annotations: READ_ONLY,
  handler: ({ text }) => text,
});

const add = defineTool({
  name: 'add',
  description: 'Adds two numbers.',
  input: z.object({ a: z.number(), b: z.number() }),
  output: z.object({ sum: z.number() }),
  annotations: READ_ONLY,
  handler: ({ a, b }) => ({ sum: a + b }),
});

const whereAmI = defineTool({
  name: 'where_am_i',
  description: 'Names the process that runs the call.',
  annotations: READ_ONLY,
  handler: () => String(process.pid),
});

const steps = defineTool({
  name: 'steps',
  description: 'Tells of each of its steps.',
  input: z.object({ count: z.int().min(1) }),
  annotations: READ_ONLY,
  handler: ({ count }, { progress, log }) => {
    for (let step = 1; step <= count; step += 1) {
      log.debug(`about to take step ${step}`);
      progress(step, count, `step ${step}`);
      log.info({ step }, 'fixture');
    }
    return 'all steps taken';
  },
});

const big = defineTool({
  name: 'big',
  description: 'Gives a text of that many characters.',
  input: z.object({ length: z.int() }),
  annotations: READ_ONLY,
  handler: ({ length }) => 'ü'.repeat(length),
});

const fail = defineTool({
  name: 'fail',
  description: 'Throws what a broken tool throws.',
  handler: () => {
    throw new TypeError('the disk is on fire');
  },
});

const refuse = defineTool({
  name: 'refuse',
  description: 'Throws what a careful tool throws.',
  handler: () => {
    throw new ToolError('that user exists', {
      details: { email: 'ada@example.org' },
      suggestions: ['Log in.'],
    });
  },
});

const unserialisable = defineTool({
  name: 'unserialisable',
  description: 'Gives a result that is no JSON.',
  handler: () => ({ content: [{ type: 'text' as const, text: 'x' }], _meta: { big: 1n } }),
});

const elsewhere = defineTool({
  name: 'elsewhere',
  description: 'Is served by the workers of the pool "other" alone.',
  pool: 'other',
  annotations: READ_ONLY,
  handler: () => 'from the other pool',
});

const KEY = z.object({ key: z.string() });

/** Tools that say in the worker's log what becomes of them, and wait until the test releases their key. */
function heldTools(log: PluginLog) {
  const hold = async (key: string, signal: AbortSignal) => {
    log.info({ key }, 'started');
    try {
      await gates.pass(key, signal);
    } catch (reason) {
      log.info({ key, reason: String(reason) }, 'aborted');
      throw reason;
    }
    log.info({ key }, 'finished');
    return `${key} is done`;
  };
  return [
    defineTool({
      name: 'hold',
      description: 'Runs until it is released; a second run does no harm.',
      input: KEY,
      annotations: { idempotentHint: true },
      handler: ({ key }, { signal }) => hold(key, signal),
    }),
    defineTool({
      name: 'advance',
      description: 'Tells of its progress, then runs until it is released.',
      input: KEY,
      annotations: { idempotentHint: true },
      handler: ({ key }, { signal, progress }) => {
        progress(1);
        return hold(key, signal);
      },
    }),
    defineTool({
      name: 'charge',
      description: 'Runs until it is released; must not run twice.',
      input: KEY,
      handler: ({ key }, { signal }) => hold(key, signal),
    }),
    defineTool({
      name: 'ignore_the_deadline',
      description: 'May take 300 ms only, and does not listen.',
      input: KEY,
      timeoutMs: 300,
      handler: ({ key }) => hold(key, new AbortController().signal),
    }),
    defineTool({
      name: 'hold_briefly',
      description: 'Like hold, but may take 300 ms only.',
      input: KEY,
      timeoutMs: 300,
      handler: ({ key }, { signal }) => hold(key, signal),
    }),
  ];
}

export default definePlugin({
  name: 'fixture',
  version: '1.0.0',
  tools: [echo, add, whereAmI, steps, big, fail, refuse, unserialisable, elsewhere],
  resources,
  resourceTemplates,
  prompts,
  setup: ({ log }) => ({ tools: heldTools(log) }),
});
