/** The official SDK's own HTTP handler, as its documentation shows it: one process, no queue. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { serveParent } from '../bench-child.ts';

const inputSchema = z.object({ text: z.string() });

function createServerWithEcho(): McpServer {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Gives back the text', inputSchema, annotations: { readOnlyHint: true } },
    ({ text }) => ({ content: [{ type: 'text', text }] }),
  );
  return server;
}

const handle = toNodeHandler(createMcpHandler(createServerWithEcho, { responseMode: 'json' }));
const http = createServer((request, response) => void handle(request as NodeIncomingMessageLike, response));
http.listen(0, '127.0.0.1', () =>
  serveParent(async () => ({}), { port: (http.address() as AddressInfo).port }),
);
