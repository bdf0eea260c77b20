/** A stdio server whose one tool takes 20 ms and does one call at a time, as those do that hold one device or file. */
import { setTimeout as delay } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const WORK_MS = 20;

let last = Promise.resolve();

serveStdio(() => {
  const server = new McpServer({ name: 'one-at-a-time', version: '1.0.0' });
  server.registerTool(
    'work',
    { inputSchema: z.object({ text: z.string() }), annotations: { readOnlyHint: true } },
    async ({ text }) => {
      last = last.then(() => delay(WORK_MS));
      await last;
      return { content: [{ type: 'text', text }] };
    },
  );
  return server;
});
