import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { WebSocketTransport, type WebSocketTransportOptions } from './web-socket-transport.ts';

/** A server that grants every request but those whose method is `hold`. */
class Server {
  readonly #server: WebSocketServer;
  readonly heard: string[] = [];
  #connected = Promise.withResolvers<WebSocket>();

  static async listen(port = 0): Promise<Server> {
    const server = new Server(port);
    await once(server.#server, 'listening');
    onTestFinished(() => server.stop());
    return server;
  }

  private constructor(port: number) {
    this.#server = new WebSocketServer({ host: '127.0.0.1', port });
    this.#server.on('connection', (socket) => this.#serve(socket));
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ws`;
  }

  /** The next connection. */
  next(): Promise<WebSocket> {
    this.#connected = Promise.withResolvers();
    return this.#connected.promise;
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  #serve(socket: WebSocket): void {
    this.#connected.resolve(socket);
    socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'welcome' }));
    socket.on('message', (data) => {
      const { id, method, params } = JSON.parse(String(data));
      this.heard.push(params?.uri ?? params?.level ?? method);
      if (id !== undefined && method !== 'hold')
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { method } }));
    });
  }
}

/** A transport with what comes through it. */
class Client {
  readonly transport: WebSocketTransport;
  readonly messages: JSONRPCMessage[] = [];
  readonly errors: Error[] = [];
  readonly closed = Promise.withResolvers<void>();
  readonly #waiting = new Set<() => void>();
  #count = 0;

  constructor(url: string, options: WebSocketTransportOptions = {}) {
    this.transport = new WebSocketTransport(url, { retryDelaysMs: [0, 10, 20, 40, 80], ...options });
    this.transport.onmessage = (message) => {
      this.messages.push(message);
      for (const look of this.#waiting) look();
    };
    this.transport.onerror = (error) => this.errors.push(error);
    this.transport.onclose = () => this.closed.resolve();
    onTestFinished(() => this.transport.close());
  }

  /** @returns the answer */
  async ask(method: string, params: Record<string, unknown> = {}): Promise<JSONRPCMessage> {
    this.#count += 1;
    const id = this.#count;
    await this.transport.send({ jsonrpc: '2.0', id, method, params });
    return this.#got((message) => 'id' in message && message.id === id);
  }

  #got(fits: (message: JSONRPCMessage) => boolean): Promise<JSONRPCMessage> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.messages.find(fits);
        if (found) resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

async function connect(server: Server, options?: WebSocketTransportOptions): Promise<Client> {
  const client = new Client(server.url, options);
  await client.transport.start();
  return client;
}

test('messages go both ways, the first one included', async () => {
  const client = await connect(await Server.listen());
  expect(await client.ask('ping')).toEqual({ jsonrpc: '2.0', id: 1, result: { method: 'ping' } });
  expect(client.messages[0]).toEqual({ jsonrpc: '2.0', method: 'welcome' });
});

test('requests in flight end with an error when the connection is lost, and the next ones go on', async () => {
  const server = await Server.listen();
  const connected = server.next();
  const client = await connect(server);
  const held = client.ask('hold');
  while (!server.heard.includes('hold')) await new Promise(setImmediate);
  (await connected).terminate();
  expect(await held).toMatchObject({
    id: 1,
    error: { code: -32_008, message: expect.stringContaining('not known whether it took effect') },
  });
  expect(await client.ask('ping')).toMatchObject({ id: 2, result: {} });
});

test('what a session was set up with is set up again, unseen by the client', async () => {
  const server = await Server.listen();
  const connected = server.next();
  const client = await connect(server);
  await client.ask('initialize');
  await client.transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  await client.ask('logging/setLevel', { level: 'debug' });
  await client.ask('logging/setLevel', { level: 'info' });
  for (const uri of ['file:///a', 'file:///b']) await client.ask('resources/subscribe', { uri });
  await client.ask('resources/unsubscribe', { uri: 'file:///a' });
  server.heard.length = 0;
  const again = server.next();
  (await connected).terminate();
  await again;
  await client.ask('ping');
  expect(server.heard).toEqual(['initialize', 'notifications/initialized', 'info', 'file:///b', 'ping']);
  const answers = client.messages.map((message) => ('id' in message ? message.id : 'welcome'));
  expect(answers).toEqual(['welcome', 1, 2, 3, 4, 5, 6, 'welcome', 7]);
});

test('a request that failed with the connection is not part of what is set up again', async () => {
  const server = await Server.listen();
  const connected = server.next();
  const client = await connect(server);
  const socket = await connected;
  socket.removeAllListeners('message');
  const failing = client.ask('initialize');
  await once(socket, 'message');
  socket.terminate();
  expect(await failing).toMatchObject({ error: {} });
  await client.ask('ping');
  expect(server.heard).toEqual(['ping']);
});

test('a connection that was closed because nobody used it is opened again with the next message', async () => {
  const server = await Server.listen();
  const connected = server.next();
  const client = await connect(server);
  const socket = await connected;
  const again = server.next();
  socket.close(1000, 'idle');
  await once(socket, 'close');
  await client.ask('ping');
  await again;
  expect([client.errors, server.heard]).toEqual([[], ['ping']]);
});

test('it comes back when the server does, and messages wait for that', async () => {
  const server = await Server.listen();
  const client = await connect(server, { retryDelaysMs: Array.from({ length: 200 }, () => 10) });
  const { port } = new URL(server.url);
  const held = client.ask('hold');
  while (!server.heard.includes('hold')) await new Promise(setImmediate);
  await server.stop();
  await held;
  const waiting = client.ask('ping');
  await Server.listen(Number(port));
  expect(await waiting).toMatchObject({ result: {} });
});

test('it gives up after the last try, and says so', async () => {
  const server = await Server.listen();
  const client = await connect(server, { retryDelaysMs: [1, 1, 1, 1, 1] });
  await server.stop();
  await client.closed.promise;
  expect(client.errors.at(-1)?.message).toMatch(/^No connection to ws:.* after 5 tries$/);
  await expect(client.ask('ping')).rejects.toThrow('The transport is closed');
});

test('a first connection that cannot be made is told at once', async () => {
  const server = await Server.listen();
  const client = new Client(server.url);
  await server.stop();
  await expect(client.transport.start()).rejects.toThrow('ECONNREFUSED');
});

test('a server that is gone without a word is noticed', async () => {
  const server = await Server.listen();
  const connected = server.next();
  const client = await connect(server, { heartbeatMs: 20 });
  const again = server.next();
  (await connected).pause();
  await again;
  expect(await client.ask('ping')).toMatchObject({ result: {} });
});

test('once closed it is closed, and closing twice does no harm', async () => {
  const client = await connect(await Server.listen());
  await client.transport.close();
  await client.closed.promise;
  await client.transport.close();
  await expect(client.ask('ping')).rejects.toThrow('The transport is closed');
});
