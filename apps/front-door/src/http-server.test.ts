import { once } from 'node:events';
import { Agent, request, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { HttpServer } from './http-server.ts';
import { serve } from './testing/http.ts';

test('paths are told apart without their query', async () => {
  const { url } = await serve((_, response) => response.end('here'));
  expect(await (await fetch(`${url}?x=1`)).text()).toBe('here');
  const elsewhere = await fetch(url.replace('/mcp', '/toString'));
  expect([elsewhere.status, await elsewhere.text()]).toEqual([404, 'Not found: MCP is served at /mcp\n']);
});

/** A request on a connection that is kept alive, as far as its handler. */
async function openRequest() {
  const arrived = Promise.withResolvers<ServerResponse>();
  const { server, url } = await serve((_, response) => arrived.resolve(response));
  const agent = new Agent({ keepAlive: true });
  const client = request(url, { method: 'POST', agent }).end();
  return { server, url, client, agent, response: await arrived.promise };
}

test('stop lets an answer under way finish, and does not wait for its idle connection', async () => {
  const { server, client, agent, response } = await openRequest();
  const answered = once(client, 'response');
  const stopped = server.stop(Date.now() + 60_000);
  response.end('done');
  const [answer] = await answered;
  answer.resume();
  await stopped;
  expect(answer.statusCode).toBe(200);
  agent.destroy();
});

test('while it stops nobody new is let in', async () => {
  const { server, url, client, agent, response } = await openRequest();
  const answered = once(client, 'response');
  const stopped = server.stop(Date.now() + 60_000);
  await expect(fetch(url)).rejects.toThrow();
  response.end();
  await Promise.all([answered, stopped]);
  agent.destroy();
});

test('at the deadline what is still open is cut off, and the stop says so', async () => {
  const { server, client, agent } = await openRequest();
  const cut = new Promise((resolve) => client.on('error', resolve));
  await expect(server.stop(Date.now() + 20)).rejects.toThrow('cut off: 1');
  expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  agent.destroy();
});

test('a taken port is told with the variable to set', async () => {
  const { server } = await serve(() => undefined);
  const { port } = server.address;
  const second = new HttpServer({ host: '127.0.0.1', port, paths: {} });
  await expect(second.start()).rejects.toThrow(`port ${port} on 127.0.0.1 is taken: set MILLRACE_HTTP_PORT`);
  await second.stop();
});

test('only a path that takes WebSockets may be upgraded', async () => {
  const upgraded: string[] = [];
  const server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    paths: {},
    upgrades: {
      '/ws': (_, socket) => {
        upgraded.push('/ws');
        socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n');
      },
    },
  });
  await server.start();
  const headers = { connection: 'upgrade', upgrade: 'test' };
  const ask = (path: string) => request({ port: server.address.port, path, headers }).end();
  await once(ask('/ws?token=1'), 'upgrade');
  const [answer] = await once(ask('/elsewhere'), 'response');
  answer.resume();
  expect([upgraded, answer.statusCode]).toEqual([['/ws'], 404]);
  await server.stop();
});
