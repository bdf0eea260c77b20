import { mountMcpServer } from '@millrace/toolkit';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

/** An MCP server as its author wrote it for SDK v1, without a word of Millrace. */
function createServer(): McpServer {
  const server = new McpServer({ name: 'first', version: '1.0.0' });
  server.registerTool('v1_upper', { inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text: text.toUpperCase() }],
  }));
  server.registerTool(
    'v1_count',
    { inputSchema: { to: z.int() } },
    async ({ to }, { _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined) {
        for (let progress = 1; progress <= to; progress += 1) {
          const params = { progressToken, progress, total: to };
          await sendNotification({ method: 'notifications/progress', params });
        }
      }
      return { content: [{ type: 'text', text: `counted to ${to}` }] };
    },
  );
  server.registerResource('v1 note', 'first://note', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'from the first server' }],
  }));
  return server;
}

export default mountMcpServer({ name: 'first', factory: createServer });
