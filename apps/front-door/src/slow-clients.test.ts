import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { HttpServer } from './http-server.ts';
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from './http-settings.ts';

const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

/** A server whose clients must be fast. */
async function impatient(settings: Partial<HttpSettings> = {}): Promise<number> {
  const server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    paths: {
      '/mcp': (request, response) => {
        request.resume().on('end', () => response.end('served'));
        request.on('error', () => response.destroy());
      },
    },
    settings: { ...DEFAULT_HTTP_SETTINGS, headersTimeoutMs: 100, requestTimeoutMs: 200, ...settings },
  });
  servers.push(server);
  await server.start();
  return server.address.port;
}

/** Sends bytes and nothing after them. @returns all that comes back until the server closes the connection */
async function send(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (data) => {
    answer += data;
  });
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

const POST = 'POST /mcp HTTP/1.1\r\nhost: localhost\r\n';

test.each([
  ['nothing', ''],
  ['half of its headers', POST],
  ['half of its body', `${POST}content-length: 10\r\n\r\nhalf`],
  ['half of a chunk', `${POST}transfer-encoding: chunked\r\n\r\n5\r\nab`],
])('who sends %s, and then waits, is cut off', async (_, text) => {
  const answer = await send(await impatient(), text);
  expect(answer === '' || answer.startsWith('HTTP/1.1 408')).toBe(true);
});

test('an idle connection is closed after its time', async () => {
  const answer = await send(await impatient({ idleTimeoutMs: 50 }), `${POST}content-length: 0\r\n\r\n`);
  expect(answer).toContain('served');
});

test('who sends too many headers, or too long ones, gets 431', async () => {
  const port = await impatient({ maxHeaders: 20 });
  const many = Array.from({ length: 20 }, (_, at) => `x-${at}: 1\r\n`).join('');
  expect(await send(port, `${POST}${many}\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  expect(await send(port, `${POST}x: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  expect(
    await send(
      port,
      `GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n${many}\r\n`,
    ),
  ).toMatch(/^HTTP\/1.1 431 /);
});

test('more connections than there may be are closed', async () => {
  const port = await impatient({ maxConnections: 1, headersTimeoutMs: 5_000, requestTimeoutMs: 5_000 });
  const first = connect(port, '127.0.0.1');
  await once(first, 'connect');
  expect(await send(port, POST)).toBe('');
  first.destroy();
});
