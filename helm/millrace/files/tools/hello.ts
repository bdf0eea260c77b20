import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const hello = defineTool({
  name: 'hello',
  description: 'Greets somebody: the tool of a pool that has no plugins yet',
  annotations: { readOnlyHint: true },
  input: z.object({ name: z.string().default('world') }),
  handler: ({ name }) => `hello, ${name}`,
});

export default definePlugin({ name: 'hello', version: '1.0.0', tools: [hello] });
