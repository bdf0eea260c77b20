import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

export const TOOL_COUNT = 1_000;

const input = z.object({ text: z.string(), times: z.int().min(1).max(10).optional() });

const tools = Array.from({ length: TOOL_COUNT }, (_, index) =>
  defineTool({
    name: `tool_${String(index).padStart(4, '0')}`,
    description: 'Gives back the text, as often as it is told to',
    input,
    annotations: { readOnlyHint: true },
    handler: ({ text, times = 1 }) => text.repeat(times),
  }),
);

/** A large catalogue. */
export default definePlugin({ name: 'many-tools', version: '1.0.0', tools });
