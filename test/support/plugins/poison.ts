import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

/** Tools that kill the process in which they run, as a crash of native code does. */
export default definePlugin({
  name: 'poison',
  version: '1.0.0',
  setup: ({ log }) => ({
    tools: [
      defineTool({
        name: 'poison',
        description: 'Kills its worker; may run twice.',
        input: z.object({ key: z.string() }),
        annotations: { idempotentHint: true },
        handler: ({ key }) => {
          log.info({ key }, 'started');
          // The line has to be out before.
          return new Promise<string>(() => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50));
        },
      }),
    ],
  }),
});
