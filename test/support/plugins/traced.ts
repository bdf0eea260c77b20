import { definePlugin, defineTool, ToolError } from '@millrace/toolkit';
import { z } from 'zod';

/** Tools that show what a trace makes of them. */
const whereAmI = defineTool({
  name: 'traceparent',
  description: 'Tells the step of the trace that it is',
  input: z.object({}),
  annotations: { readOnlyHint: true },
  handler: (_, { traceparent }) => traceparent ?? 'none',
});

let tries = 0;

const flaky = defineTool({
  name: 'flaky',
  description: 'Fails at its first try',
  input: z.object({}),
  annotations: { readOnlyHint: true },
  policies: { retry: { baseMs: 1 } },
  handler: () => {
    tries += 1;
    if (tries === 1) throw new ToolError('not yet', { retryable: true });
    return 'done';
  },
});

const kept = defineTool({
  name: 'kept',
  description: 'Is asked once',
  input: z.object({}),
  annotations: { readOnlyHint: true },
  policies: { cache: { ttlMs: 60_000 } },
  handler: () => 'the same',
});

export default definePlugin({ name: 'traced', version: '1.0.0', tools: [whereAmI, flaky, kept] });
