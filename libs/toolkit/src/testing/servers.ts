import {
  McpServer as McpServerV1,
  ResourceTemplate as ResourceTemplateV1,
} from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  completable,
  McpServer as McpServerV2,
  ResourceTemplate as ResourceTemplateV2,
} from '@modelcontextprotocol/server';
import { vi } from 'vitest';
import { z } from 'zod';

/** What the tools of both servers report to the test. */
export const events = { cancelled: vi.fn(), built: vi.fn(), started: vi.fn() };

/** The same server, written for both SDKs as their documentation shows it. */
export function serverOfV1(): McpServerV1 {
  events.built();
  const server = new McpServerV1({ name: 'one', version: '1' }, { capabilities: { logging: {} } });
  server.registerTool(
    'add',
    {
      description: 'Adds',
      inputSchema: { a: z.number(), b: z.number() },
      outputSchema: { sum: z.number() },
      annotations: { readOnlyHint: true },
    },
    ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }], structuredContent: { sum: a + b } }),
  );
  server.registerTool('fail', {}, () => {
    throw new Error('the disk is full');
  });
  server.registerTool('talk', {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken ?? 'none';
    await sendNotification({
      method: 'notifications/progress',
      params: { progressToken, progress: 1, total: 2 },
    });
    await server.sendLoggingMessage({ level: 'info', logger: 'talk', data: 'said' });
    return { content: [] };
  });
  server.registerTool('hang', {}, ({ signal }) => {
    events.started();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        events.cancelled();
        reject(new Error('stopped'));
      });
    });
  });
  server.registerTool('grow', {}, () => {
    server.registerTool('grown', {}, () => ({ content: [] }));
    return { content: [] };
  });
  server.registerResource('api', 'docs://api', { mimeType: 'text/markdown' }, (uri) => ({
    contents: [{ uri: uri.href, text: '# API' }],
  }));
  server.registerResource(
    'user',
    new ResourceTemplateV1('user://{id}', { list: undefined, complete: { id: () => ['1', '2'] } }),
    {},
    (uri, { id }) => ({ contents: [{ uri: uri.href, text: `user ${id}` }] }),
  );
  server.registerPrompt(
    'greet',
    { argsSchema: { who: completable(z.string(), () => ['Ada']) } },
    ({ who }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: `Greet ${who}` } }],
    }),
  );
  return server;
}

export function serverOfV2(): McpServerV2 {
  events.built();
  const server = new McpServerV2({ name: 'two', version: '1' }, { capabilities: { logging: {} } });
  server.registerTool(
    'add',
    {
      description: 'Adds',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
      annotations: { readOnlyHint: true },
    },
    ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }], structuredContent: { sum: a + b } }),
  );
  server.registerTool('fail', {}, () => {
    throw new Error('the disk is full');
  });
  server.registerTool('talk', {}, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken ?? 'none';
    await mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress: 1, total: 2 },
    });
    await mcpReq.log('info', 'said', 'talk');
    return { content: [] };
  });
  server.registerTool('hang', {}, ({ mcpReq }) => {
    events.started();
    return new Promise((_resolve, reject) => {
      mcpReq.signal.addEventListener('abort', () => {
        events.cancelled();
        reject(new Error('stopped'));
      });
    });
  });
  server.registerTool('grow', {}, () => {
    server.registerTool('grown', {}, () => ({ content: [] }));
    return { content: [] };
  });
  server.registerResource('api', 'docs://api', { mimeType: 'text/markdown' }, (uri) => ({
    contents: [{ uri: uri.href, text: '# API' }],
  }));
  server.registerResource(
    'user',
    new ResourceTemplateV2('user://{id}', { list: undefined, complete: { id: () => ['1', '2'] } }),
    {},
    (uri, { id }) => ({ contents: [{ uri: uri.href, text: `user ${id}` }] }),
  );
  server.registerPrompt(
    'greet',
    { argsSchema: z.object({ who: completable(z.string(), () => ['Ada']) }) },
    ({ who }) => ({ messages: [{ role: 'user', content: { type: 'text', text: `Greet ${who}` } }] }),
  );
  return server;
}
