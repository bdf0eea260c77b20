import { setTimeout as delay } from 'node:timers/promises';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

/** Pool of the slow tool, so that its workers have no other work. */
export const SLOW_POOL = 'slow';

export const SLOW_TOOL_MS = 100;

const input = z.object({ text: z.string() });
const annotations = { readOnlyHint: true };

const echo = defineTool({
  name: 'echo',
  description: 'Gives back the text',
  input,
  annotations,
  handler: ({ text }) => text,
});

const sleep = defineTool({
  name: 'sleep',
  description: 'Gives back the text and its process id after a while',
  input,
  annotations,
  pool: SLOW_POOL,
  handler: async ({ text }) => {
    await delay(SLOW_TOOL_MS);
    return `${text} ${process.pid}`;
  },
});

export default definePlugin({ name: 'bench', version: '1.0.0', tools: [echo, sleep] });
