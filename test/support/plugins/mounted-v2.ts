import { mountMcpServer } from '@millrace/toolkit';
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** An MCP server as its author wrote it for SDK v2, without a word of Millrace. */
function createServer(): McpServer {
  const server = new McpServer(
    { name: 'second', version: '2.0.0' },
    { capabilities: { tools: {}, resources: {}, prompts: {}, logging: {} } },
  );
  server.registerTool(
    'v2_reverse',
    { inputSchema: z.object({ text: z.string() }), annotations: { readOnlyHint: true } },
    ({ text }) => ({ content: [{ type: 'text', text: [...text].reverse().join('') }] }),
  );
  server.registerTool('v2_count', { inputSchema: z.object({ to: z.int() }) }, async ({ to }, context) => {
    const progressToken = context.mcpReq._meta?.progressToken;
    if (progressToken !== undefined) {
      for (let progress = 1; progress <= to; progress += 1) {
        const params = { progressToken, progress, total: to };
        await context.mcpReq.notify({ method: 'notifications/progress', params });
      }
    }
    return { content: [{ type: 'text', text: `counted to ${to}` }] };
  });
  server.registerTool('v2_fail', {}, () => {
    throw new Error('the second server failed');
  });
  server.registerResource('v2 note', 'second://note', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'from the second server' }],
  }));
  server.registerPrompt('v2_ask', {}, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'Well?' } }],
  }));
  return server;
}

export default mountMcpServer({ name: 'second', factory: createServer });
