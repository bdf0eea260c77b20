import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

/** The resource that `touch` changes. */
export const CHANGING_URI = 'bench://changing';

const input = z.object({ text: z.string() });

const touch = defineTool({
  name: 'touch',
  description: 'Says that the resource has changed',
  input,
  handler: ({ text }, { resourceUpdated }) => {
    resourceUpdated(CHANGING_URI);
    return text;
  },
});

/** Tools whose calls change what clients can follow: a resource, and the list of tools. */
export default definePlugin({
  name: 'changing',
  version: '1.0.0',
  setup: (host) => {
    let times = 0;
    const parts = () => {
      const grow = defineTool({
        name: 'grow',
        description: `Changes the list of tools; did so ${times} times`,
        input,
        handler: async ({ text }) => {
          times += 1;
          await host.replace(parts());
          return text;
        },
      });
      return { tools: [touch, grow] };
    };
    return parts();
  },
});
