/**
 * A server of SDK v2 with a tool for everything that passes through a host. It speaks both eras.
 * argv[2]: a word that its answers carry.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  acceptedContent,
  inputRequired,
  type McpRequestContext,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const [, , word = 'none'] = process.argv;
const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
const reading = { readOnlyHint: true };
const form = { message: 'Who?', requestedSchema: { type: 'object' as const, properties: {} } };
/** What only a server that lives on can know. */
let count = 0;

/** Resources whose changes are told to nobody but those who asked for that. */
function serveResources(server: McpServer, scheme: string, { era }: McpRequestContext): void {
  const subscribed = new Set<string>();
  server.server.registerCapabilities({ resources: { subscribe: true } });
  // In the newest revision the SDK itself knows who asked.
  if (era === 'legacy') {
    server.server.setRequestHandler('resources/subscribe', ({ params }) => {
      subscribed.add(params.uri);
      return {};
    });
  }
  const read = ({ href }: URL) => ({ contents: [{ uri: href, text: 'painted' }] });
  server.registerResource('board', `${scheme}://board`, {}, read);
  server.registerResource(
    'sheet',
    new ResourceTemplate(`${scheme}://sheets/{n}`, { list: undefined }),
    {},
    read,
  );
  server.registerTool('paint', { inputSchema: z.object({ uri: z.string() }) }, async ({ uri }) => {
    if (era === 'modern' || subscribed.has(uri)) await server.server.sendResourceUpdated({ uri });
    return say(`painted by ${process.pid}`);
  });
}

function create(context: McpRequestContext): McpServer {
  const server = new McpServer({ name: 'workshop', version: '1' }, { capabilities: { logging: {} } });
  server.registerTool('whoami', { annotations: reading }, () => say(`${process.pid} ${word}`));
  server.registerTool('count', {}, () => {
    count += 1;
    return say(`${count} in ${process.pid}`);
  });
  server.registerTool(
    'slow',
    { inputSchema: z.object({ ms: z.number() }), annotations: reading },
    async ({ ms }, { mcpReq }) => {
      console.error('slow has begun');
      mcpReq.signal.addEventListener('abort', () => console.error('slow was cancelled'));
      await delay(ms);
      return say(`${process.pid}`);
    },
  );
  server.registerTool('talk', {}, async ({ mcpReq }) => {
    await mcpReq.log('info', 'said', 'talk');
    return say('talked');
  });
  server.registerTool('grow', {}, () => {
    server.registerTool('grown', {}, () => say('tall'));
    return say('growing');
  });
  server.registerTool('ask', {}, ({ mcpReq }) => {
    const who = acceptedContent(mcpReq.inputResponses, 'who');
    if (who) return say(`${mcpReq.requestState()} ${who['name']}`);
    return inputRequired({ inputRequests: { who: inputRequired.elicit(form) }, requestState: 'their own' });
  });
  server.registerTool('env', { annotations: reading }, () => say(JSON.stringify(process.env)));
  // Dies of the first call, and not of the second.
  server.registerTool(
    'die_once',
    { inputSchema: z.object({ file: z.string() }), annotations: reading },
    ({ file }) => {
      if (existsSync(file)) return say('survived');
      writeFileSync(file, '');
      console.error('the tool has killed me');
      process.exit(3);
    },
  );
  server.registerTool('crash', {}, () => process.exit(3));
  const { SCHEME } = process.env;
  if (SCHEME !== undefined) serveResources(server, SCHEME, context);
  server.registerPrompt('greet', {}, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${word}` } }],
  }));
  return server;
}

serveStdio(create);
