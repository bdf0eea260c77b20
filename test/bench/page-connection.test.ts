import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { McpRequest, numbers, stateless } from './mcp-request.ts';
import { PageConnection } from './page-connection.ts';

const LONG = 'x'.repeat(300_000);

/** @param bodies what the requests are answered with, in turn */
async function serve(...bodies: string[]): Promise<number> {
  const server = createServer({ keepAlive: true }, (_, response) => {
    response.sendDate = false;
    response.end(bodies.shift());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('gives each response whole, however many pieces it comes in', async () => {
  const port = await serve(LONG, LONG, LONG);
  const request = new McpRequest(port, stateless('tools/list', {})).numbered(numbers()());
  const first = await PageConnection.first(port, request);
  expect(first.toString().endsWith(`\r\n\r\n${LONG}`)).toBe(true);
  const connection = await PageConnection.open(port, first.length);
  for (let times = 0; times < 2; times += 1) {
    expect(Buffer.compare(await connection.exchange(request), first)).toBe(0);
  }
  connection.close();
});

test('a response that is longer than the others is refused', async () => {
  const port = await serve('short', 'much longer');
  const request = new McpRequest(port, stateless('tools/list', {})).numbered(numbers()());
  const { length } = await PageConnection.first(port, request);
  const connection = await PageConnection.open(port, length);
  await expect(connection.exchange(request)).rejects.toThrow(`more than ${length} bytes`);
});
