import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { META, MODERN_REVISION } from '@millrace/protocol';
import type { JSONRPCMessage, JSONRPCRequest } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { HttpPipe } from './http-pipe.ts';

type Handler = (body: JSONRPCRequest, response: ServerResponse, request: IncomingMessage) => void;

/** A pipe to a server that answers like this. */
async function pipeTo(handler: Handler) {
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    let text = '';
    for await (const chunk of request) text += chunk;
    return handler(JSON.parse(text), response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const pipe = new HttpPipe(url);
  const messages: JSONRPCMessage[] = [];
  let look = () => {};
  pipe.onmessage = (message) => {
    messages.push(message);
    look();
  };
  const came = (count: number) =>
    new Promise<JSONRPCMessage[]>((resolve) => {
      look = () => {
        if (messages.length >= count) resolve(messages);
      };
      look();
    });
  await pipe.start();
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(async () => {
    await pipe.close();
    stop();
  });
  return { pipe, came, stop };
}

function json(
  response: ServerResponse,
  body: object,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', ...body }));
}

function modern(id: number, method: string, params: Record<string, unknown> = {}): JSONRPCRequest {
  const _meta = {
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientInfo]: { name: 'test', version: '1' },
    [META.clientCapabilities]: {},
  };
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta } };
}

test('an error that has a status over HTTP is a message like any other', async () => {
  const { pipe, came } = await pipeTo(({ id }, response) =>
    json(response, { id, error: { code: -32_601, message: 'no' } }, 404),
  );
  await pipe.send(modern(1, 'nothing'));
  expect(await came(1)).toEqual([{ jsonrpc: '2.0', id: 1, error: { code: -32_601, message: 'no' } }]);
});

test('a front door that cannot be reached is told as the answer', async () => {
  const { pipe, came, stop } = await pipeTo(() => undefined);
  stop();
  await pipe.send(modern(1, 'tools/list'));
  expect(await came(1)).toMatchObject([{ id: 1, error: { code: -32_008 } }]);
});

test('an answer that breaks off is told', async () => {
  const { pipe, came } = await pipeTo((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress' })}\n\n`);
    setImmediate(() => response.destroy());
  });
  await pipe.send(modern(1, 'tools/call', { name: 'x' }));
  const [, answer] = await came(2);
  expect(answer).toMatchObject({ id: 1, error: { message: expect.stringContaining('not known whether') } });
});

test('cancelling closes the stream of a request of 2026-07-28, and is not sent', async () => {
  const methods: string[] = [];
  const asked = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const { pipe } = await pipeTo(({ method }, response) => {
    methods.push(method);
    response.once('close', () => closed.resolve());
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    asked.resolve();
  });
  const sent = pipe.send(modern(1, 'tools/call', { name: 'hold' }));
  await asked.promise;
  await sent;
  await pipe.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
  await closed.promise;
  expect(methods).toEqual(['tools/call']);
});

test('a session keeps its id and the revision that was agreed on', async () => {
  const seen: (string | undefined)[][] = [];
  const { pipe, came } = await pipeTo(({ id, method }, response, { headers }) => {
    seen.push([method, headers['mcp-session-id'] as string, headers['mcp-protocol-version'] as string]);
    if (id === undefined) response.writeHead(202).end();
    else json(response, { id, result: { protocolVersion: '2025-06-18' } }, 200, { 'mcp-session-id': 's-1' });
  });
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  await pipe.send({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  await came(1);
  await pipe.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
  await pipe.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 9 } });
  expect(seen).toEqual([
    ['initialize', undefined, undefined],
    ['ping', 's-1', '2025-06-18'],
    ['notifications/cancelled', 's-1', '2025-06-18'],
  ]);
});

test('arguments are repeated in headers once the list of tools has passed by', async () => {
  const properties = { region: { type: 'string', 'x-mcp-header': 'Region' } };
  const tools = [{ name: 'find', inputSchema: { type: 'object', properties } }];
  const regions: unknown[] = [];
  const { pipe, came } = await pipeTo(({ id, method }, response, { headers }) => {
    if (method === 'tools/call') regions.push(headers['mcp-param-region']);
    json(response, { id, result: method === 'tools/list' ? { tools } : { content: [] } });
  });
  await pipe.send(modern(1, 'tools/list'));
  await came(1);
  await pipe.send(modern(2, 'tools/call', { name: 'find', arguments: { region: 'eu-1' } }));
  await came(2);
  expect(regions).toEqual(['eu-1']);
});
