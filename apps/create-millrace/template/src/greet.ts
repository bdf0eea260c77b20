import { defineTool } from '@millrace/toolkit';
import { z } from 'zod';

export const greet = defineTool({
  name: 'greet',
  description: 'Greets somebody by name.',
  pool: 'my-pool',
  input: z.object({ name: z.string().min(1) }),
  // It only reads, so it may run again when its worker dies.
  annotations: { readOnlyHint: true },
  handler: ({ name }, { log }) => {
    log.info(`greeting ${name}`);
    return `Hello ${name}!`;
  },
});
