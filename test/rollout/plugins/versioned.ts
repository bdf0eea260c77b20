import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';
import { gates } from '../../support/plugins/gates.ts';

/** One tool package in the version that the environment names. */
export default definePlugin({
  name: 'versioned',
  version: '0.0.0',
  setup: ({ env, log }) => {
    const version = env['VERSION'] ?? '1.0.0';
    return {
      tools: [
        defineTool({
          name: 'version',
          annotations: { readOnlyHint: true },
          handler: () => version,
        }),
        defineTool({
          name: 'ask_version',
          handler: async (_, { elicit }) => {
            const requestedSchema = { type: 'object', properties: {} } as const;
            await elicit({ message: `Is ${version} right?`, requestedSchema });
            return version;
          },
        }),
        defineTool({
          name: 'hold_version',
          input: z.object({ key: z.string() }),
          handler: async ({ key }, { signal }) => {
            log.info({ key }, 'started');
            await gates.pass(key, signal);
            return version;
          },
        }),
      ],
      teardown: () => log.info({ version }, 'torn down'),
    };
  },
});
