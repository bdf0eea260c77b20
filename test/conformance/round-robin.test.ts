import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { RoundRobin } from './round-robin.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

async function replica(serve: Serve): Promise<string> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

async function proxyTo(...replicas: Serve[]): Promise<RoundRobin> {
  const proxy = await RoundRobin.start(await Promise.all(replicas.map(replica)));
  onTestFinished(() => proxy.stop());
  return proxy;
}

test('each request goes to the next replica, and its body comes whole', async () => {
  const named =
    (name: string): Serve =>
    (from, to) =>
      void from.toArray().then((parts) => to.end(`${name} got ${Buffer.concat(parts)}`));
  const { url } = await proxyTo(named('first'), named('second'));
  const answers = [];
  for (const body of ['a', 'b', 'c']) {
    answers.push(await (await fetch(url, { method: 'POST', body })).text());
  }
  expect(answers).toEqual(['first got a', 'second got b', 'first got c']);
});

test('Host and Origin reach the replica as the client sent them', async () => {
  const { url } = await proxyTo(({ headers }, to) => to.end(`${headers.host} ${headers.origin}`));
  const sent = request(url, {
    headers: { host: 'evil.example.com', origin: 'http://evil.example.com' },
  }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  expect(String(await answer.toArray())).toBe('evil.example.com http://evil.example.com');
});

test('an event passes before the next is written', async () => {
  const open = Promise.withResolvers<ServerResponse>();
  const { url } = await proxyTo((_, to) => {
    to.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    open.resolve(to);
  });
  const answer = await fetch(url);
  const replica = await open.promise;
  const events = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    replica.write(event);
    expect((await events?.read())?.value).toBe(event);
  }
  replica.end();
  expect((await events?.read())?.done).toBe(true);
});

test('the replica learns that the client went away', async () => {
  const gone = Promise.withResolvers<void>();
  const { url } = await proxyTo((_, to) => {
    to.once('close', () => gone.resolve());
    to.writeHead(200).flushHeaders();
  });
  const client = new AbortController();
  await fetch(url, { signal: client.signal });
  client.abort();
  await gone.promise;
});

test('the client learns that the replica went away', async () => {
  const { url } = await proxyTo((_, to) => {
    to.writeHead(200).flushHeaders();
    setImmediate(() => to.destroy());
  });
  const answer = await fetch(url);
  await expect(answer.text()).rejects.toThrow('terminated');
});

test('a replica that is gone is a bad gateway', async () => {
  const { url } = await proxyTo((from) => from.socket.destroy());
  expect((await fetch(url)).status).toBe(502);
});
