import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';
import { gates } from './gates.ts';

interface Line {
  readonly number: number;
  broken: boolean;
}

/** Tools that need one of two lines. */
export default definePlugin({
  name: 'pooled',
  version: '1.0.0',
  setup({ openPool, log }) {
    let count = 0;
    const lines = openPool<Line>({
      name: 'lines',
      max: 2,
      maxWaitMs: 1_000,
      idleMs: 500,
      create: async () => {
        count += 1;
        log.info({ line: count }, 'line opened');
        return { number: count, broken: false };
      },
      validate: ({ broken }) => !broken,
      destroy: ({ number }) => log.info({ line: number }, 'line closed'),
    });
    const input = z.object({ key: z.string() });
    return {
      tools: [
        defineTool({
          name: 'talk',
          description: 'Takes a line until it is released.',
          input,
          annotations: { readOnlyHint: true },
          handler: ({ key }, { deadline, signal }) =>
            lines.use(
              async ({ number }) => {
                log.info({ key }, 'talking');
                await gates.pass(key, signal);
                return `on line ${number}`;
              },
              { deadline, signal },
            ),
        }),
        defineTool({
          name: 'cut',
          description: 'Breaks a line.',
          handler: () =>
            lines.use((line) => {
              line.broken = true;
              return `line ${line.number} is broken`;
            }),
        }),
      ],
    };
  },
});
