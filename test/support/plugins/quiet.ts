import { setTimeout as pause } from 'node:timers/promises';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const input = z.object({ key: z.string() });
const READ_ONLY = { readOnlyHint: true };

/** Tools of all kinds that log nothing, for loads that go on for hours. */
export default definePlugin({
  name: 'quiet',
  version: '1.0.0',
  tools: [
    defineTool({
      name: 'look',
      description: 'May run twice.',
      input,
      annotations: READ_ONLY,
      handler: ({ key }) => key,
    }),
    defineTool({ name: 'book', description: 'Must not run twice.', input, handler: ({ key }) => key }),
    defineTool({
      name: 'wait',
      description: 'Takes a moment, and tells of it.',
      input,
      annotations: READ_ONLY,
      handler: async ({ key }, { progress }) => {
        progress(1);
        await pause(20);
        return key;
      },
    }),
    defineTool({
      name: 'remembered',
      description: 'Its answer is kept for a moment.',
      input,
      annotations: READ_ONLY,
      policies: { cache: { ttlMs: 1_000, scope: 'public' } },
      handler: ({ key }) => key,
    }),
    defineTool({
      name: 'work',
      description: 'A short task.',
      input,
      annotations: { idempotentHint: true },
      task: 'required',
      handler: ({ key }) => key,
    }),
  ],
});
