import { setTimeout as delay } from 'node:timers/promises';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

/** A tool that takes a while, but no processor time: so the slots are the limit, and not this machine. */
const tool = (name: string, description: string, napMs: () => number) =>
  defineTool({
    name,
    description,
    input: z.object({ text: z.string() }),
    annotations: { readOnlyHint: true },
    handler: async ({ text }) => {
      const ms = napMs();
      if (ms > 0) await delay(ms);
      return text;
    },
  });

export default definePlugin({
  name: 'napping',
  version: '1.0.0',
  tools: [
    tool('long_nap', 'Takes 200 ms', () => 200),
    // What Redis is measured with: it takes no time itself.
    tool('echo', 'Gives back the text', () => 0),
    // Most are short and some are long, as when a database or a model is asked.
    tool('errand', 'Takes 100 ms on average', () => 10 - 90 * Math.log(1 - Math.random())),
  ],
});
