import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const input = z.object({ text: z.string() });
const annotations = { readOnlyHint: true, idempotentHint: true };

/** How long a call of `counted` takes, in milliseconds: long enough for all to come in the meantime. */
const COUNTED_MS = 1_000;

let executions = 0;

const kept = defineTool({
  name: 'kept',
  description: 'Gives back the text, from the cache as a rule',
  input,
  annotations,
  policies: { cache: { ttlMs: 3_600_000, scope: 'public' } },
  handler: ({ text }) => text,
});

const counted = defineTool({
  name: 'counted',
  description: 'Takes a while and counts how often it is run',
  input,
  annotations,
  handler: async ({ text }) => {
    executions += 1;
    await new Promise((resolve) => setTimeout(resolve, COUNTED_MS));
    return text;
  },
});

const count = defineTool({
  name: 'count',
  description: 'Tells how often the other one was run',
  handler: () => String(executions),
});

export default definePlugin({ name: 'sharing', version: '1.0.0', tools: [kept, counted, count] });
