import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const writeNote = defineTool({
  name: 'write_note',
  description: 'Wants more than the permission to execute tools.',
  input: z.object({ text: z.string() }),
  permissions: ['write:resources'],
  handler: ({ text }) => `wrote ${text}`,
});

export default definePlugin({ name: 'guarded', version: '1.0.0', tools: [writeNote] });
