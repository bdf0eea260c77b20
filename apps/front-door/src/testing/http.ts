import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach } from 'vitest';
import { HttpServer } from '../http-server.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

/** A server whose one path is `/mcp`; it ends with the test. */
export async function serve(handler: Handler): Promise<{ server: HttpServer; url: string }> {
  const server = new HttpServer({ host: '127.0.0.1', port: 0, paths: { '/mcp': handler } });
  servers.push(server);
  await server.start();
  return { server, url: `http://127.0.0.1:${server.address.port}/mcp` };
}
