import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { acceptedContent, inputRequired, McpServer as McpServerV2 } from '@modelcontextprotocol/server';

const form = { message: 'Who?', requestedSchema: { type: 'object' as const, properties: {} } };

const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });

/** Asks the agent while its tool runs, the only way that there is in SDK v1. */
export function serverThatAsksOfV1(): McpServerV1 {
  const server = new McpServerV1({ name: 'one', version: '1' });
  const ask = async () => {
    const { action, content } = await server.server.elicitInput(form);
    return say(`${action} ${content?.['name']}`);
  };
  server.registerTool('ask', {}, ask);
  server.registerTool('needs', {}, ask);
  return server;
}

/** Asks the agent while its tool runs, or by its result, as SDK v2 recommends. */
export function serverThatAsksOfV2(): McpServerV2 {
  const server = new McpServerV2({ name: 'two', version: '1' });
  server.registerTool('ask', {}, async ({ mcpReq }) => {
    const { action, content } = await mcpReq.elicitInput(form);
    return say(`${action} ${content?.['name']}`);
  });
  server.registerTool('needs', {}, ({ mcpReq }) => {
    const who = acceptedContent(mcpReq.inputResponses, 'who');
    if (who) return say(`${mcpReq.requestState()} ${who['name']}`);
    return inputRequired({
      inputRequests: { who: inputRequired.elicit(form) },
      requestState: 'their own',
    });
  });
  return server;
}
