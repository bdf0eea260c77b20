/**
 * A server of the newest revision over Streamable HTTP. It tells its port on its standard output.
 * argv[2]: the port; a free one unless given.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { acceptedContent, createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const [, , port = '0'] = process.argv;
const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
const form = { message: 'Who?', requestedSchema: { type: 'object' as const, properties: {} } };

function create(): McpServer {
  const server = new McpServer({ name: 'web', version: '1' });
  const region = z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) });
  server.registerTool('where', { inputSchema: region, annotations: { readOnlyHint: true } }, (args) =>
    say(args.region),
  );
  server.registerTool('authorization', {}, ({ http }) =>
    say(http?.req?.headers.get('authorization') ?? 'none'),
  );
  server.registerTool('steps', {}, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken ?? 'none';
    for (const progress of [1, 2, 3]) {
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress } });
    }
    return say('done');
  });
  server.registerTool('ask', {}, ({ mcpReq }) => {
    const who = acceptedContent(mcpReq.inputResponses, 'who');
    if (who) return say(`hello ${who['name']}`);
    return inputRequired({ inputRequests: { who: inputRequired.elicit(form) }, requestState: 's' });
  });
  return server;
}

const handle = toNodeHandler(createMcpHandler(create, { legacy: 'reject' }));
const http = createServer((request, response) => void handle(request as NodeIncomingMessageLike, response));
http.listen(Number(port), '127.0.0.1', () => console.log((http.address() as AddressInfo).port));
