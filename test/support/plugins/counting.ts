import { setTimeout as pause } from 'node:timers/promises';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const input = z.object({ key: z.string(), ms: z.number() });

/** Tools that write each execution into the log of their worker. */
export default definePlugin({
  name: 'counting',
  version: '1.0.0',
  setup: ({ log }) => {
    const run = async ({ key, ms }: z.infer<typeof input>) => {
      log.info({ key }, 'executed');
      await pause(ms);
      return key;
    };
    return {
      tools: [
        defineTool({
          name: 'look',
          description: 'May run twice.',
          input,
          annotations: { readOnlyHint: true },
          handler: run,
        }),
        defineTool({
          name: 'thousand',
          description: 'May be called so often and not more; one at a time in the fleet.',
          annotations: { readOnlyHint: true },
          policies: { rateLimit: { limit: 1_000, windowMs: 3_600_000 }, concurrency: { fleet: 1 } },
          handler: () => 'done',
        }),
        defineTool({
          name: 'remembered',
          description: 'Its answer is kept for all.',
          input,
          annotations: { readOnlyHint: true },
          policies: { cache: { ttlMs: 600_000, scope: 'public', tags: ['remembered'] } },
          handler: run,
        }),
        defineTool({ name: 'book', description: 'Must not run twice.', input, handler: run }),
      ],
    };
  },
});
