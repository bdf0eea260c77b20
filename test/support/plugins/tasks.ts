import { definePlugin, defineTool, type PluginLog, ToolError } from '@millrace/toolkit';
import { z } from 'zod';
import { gates } from './gates.ts';

const KEY = z.object({ key: z.string() });

/** Long enough for a call that answers at once, on a busy machine too. */
const PROMOTE_AFTER_MS = 300;

const CONFIRMATION = {
  message: 'Shall it go on?',
  requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
} as const;

/** Tools that run as tasks. They say in the worker's log what becomes of them, and wait until the test releases them. */
function taskTools(log: PluginLog) {
  const hold = async (key: string, signal: AbortSignal) => {
    log.info({ key }, 'started');
    try {
      await gates.pass(key, signal);
    } catch (reason) {
      log.info({ key }, 'aborted');
      throw reason;
    }
    return `${key} is done`;
  };
  return [
    defineTool({
      name: 'work',
      description: 'Runs as a task until it is released; a second run does no harm.',
      input: KEY,
      annotations: { idempotentHint: true },
      task: 'required',
      handler: ({ key }, { signal, status, progress }) => {
        status(`${key} is on its way`);
        progress(1);
        return hold(key, signal);
      },
    }),
    defineTool({
      name: 'work_once',
      description: 'Runs as a task until it is released; must not run twice.',
      input: KEY,
      task: 'required',
      handler: ({ key }, { signal }) => hold(key, signal),
    }),
    defineTool({
      name: 'maybe_long',
      description: 'Runs until it is released, and becomes a task when that takes long.',
      input: KEY,
      task: 'optional',
      promoteAfterMs: PROMOTE_AFTER_MS,
      handler: ({ key }, { signal }) => hold(key, signal),
    }),
    defineTool({
      name: 'maybe_asks',
      description: 'Like maybe_long, and asks the user in the end.',
      input: KEY,
      task: 'optional',
      promoteAfterMs: PROMOTE_AFTER_MS,
      handler: async ({ key }, { signal, elicit }) => {
        await hold(key, signal);
        const { action } = await elicit(CONFIRMATION);
        return `the user said ${action}`;
      },
    }),
    defineTool({
      name: 'confirm',
      description: 'Asks the user twice at the same time, then runs until it is released.',
      input: KEY,
      annotations: { idempotentHint: true },
      task: 'optional',
      handler: async ({ key }, { signal, elicit }) => {
        const answers = await Promise.all([
          elicit(CONFIRMATION, { key: 'first' }),
          elicit(CONFIRMATION, { key: 'second' }),
        ]);
        await hold(key, signal);
        return answers.map(({ action }) => action).join(' and ');
      },
    }),
    defineTool({
      name: 'flaky',
      description: 'Fails until it is released, and says that another try may help.',
      input: KEY,
      annotations: { idempotentHint: true },
      task: 'required',
      handler: ({ key }) => {
        log.info({ key }, 'started');
        if (!gates.isOpen(key)) throw new ToolError('the line was busy', { retryable: true });
        return `${key} is done`;
      },
    }),
    defineTool({
      name: 'broken',
      description: 'Gives what is no result.',
      task: 'required',
      handler: () => ({ nothing: true }) as never,
    }),
  ];
}

export default definePlugin({
  name: 'tasks',
  version: '1.0.0',
  setup: ({ log }) => ({ tools: taskTools(log) }),
});
