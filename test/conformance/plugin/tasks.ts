import { defineTool, MillraceError, ToolError } from '@millrace/toolkit';
import { z } from 'zod';
import { CONFIRM, NAME } from './forms.ts';
import { wait } from './wait.ts';

/** After which a call that may be a task becomes one, in milliseconds. */
const PROMOTE_AFTER_MS = 100;

/** Tools that run as tasks (SEP-2663), and one that never does. */
export const taskTools = [
  defineTool({
    name: 'greet',
    description: 'Greets at once; never a task.',
    input: z.object({ name: z.string() }),
    handler: ({ name }) => `Hello, ${name}!`,
  }),
  defineTool({
    name: 'slow_compute',
    description: 'Takes as many seconds as it is told to.',
    input: z.object({ seconds: z.number().min(0).max(60), label: z.string().optional() }),
    task: 'optional',
    promoteAfterMs: PROMOTE_AFTER_MS,
    timeoutMs: 120_000,
    handler: async ({ seconds, label }, { signal }) => {
      await wait(seconds * 1_000, signal);
      return `Computed ${label ?? 'something'} for ${seconds} seconds`;
    },
  }),
  defineTool({
    name: 'failing_job',
    description: 'Fails as a tool, after a second.',
    task: 'required',
    handler: async (_, { signal }) => {
      await wait(1_000, signal);
      throw new ToolError('The job failed, as it always does');
    },
  }),
  defineTool({
    name: 'protocol_error_job',
    description: 'Fails as a server.',
    task: 'required',
    handler: () => {
      throw new MillraceError('internal_error', 'The job broke its server');
    },
  }),
  defineTool({
    name: 'confirm_delete',
    description: 'Asks before it deletes a file.',
    input: z.object({ filename: z.string() }),
    task: 'required',
    handler: async ({ filename }, { elicit }) => {
      const { action, content } = await elicit({
        message: `Delete ${filename}?`,
        requestedSchema: CONFIRM,
      });
      return action === 'accept' && content?.['confirm'] === true
        ? `Deleted ${filename}`
        : `Kept ${filename}`;
    },
  }),
  defineTool({
    name: 'multi_input',
    description: 'Asks two questions at the same time.',
    task: 'required',
    handler: async (_, { elicit }) => {
      const [name, confirm] = await Promise.all([
        elicit({ message: 'What is your name?', requestedSchema: NAME }, { key: 'name' }),
        elicit({ message: 'Shall it go on?', requestedSchema: CONFIRM }, { key: 'confirm' }),
      ]);
      return JSON.stringify([name.content, confirm.content]);
    },
  }),
  defineTool({
    name: 'test_tool_with_task',
    description: 'Asks for a name first, then goes on as a task.',
    task: 'optional',
    promoteAfterMs: PROMOTE_AFTER_MS,
    handler: async (_, { elicit, signal }) => {
      const { content } = await elicit(
        { message: 'What is your name?', requestedSchema: NAME },
        { key: 'user_name' },
      );
      await wait(4 * PROMOTE_AFTER_MS, signal);
      return `Hello, ${String(content?.['name'])}! The task is done.`;
    },
  }),
];
