import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SessionRecord } from '@millrace/broker';
import type { Answer, Inbound, InboundRequest, Subscriber } from '@millrace/dispatch';
import { Classifier, StreamQuota } from '@millrace/dispatch';
import { ANONYMOUS, META, MillraceError, MODERN_REVISION } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { HostCheck } from '../http-checks.ts';
import { WebSockets, type WebSocketsOptions } from '../web-sockets.ts';

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Keeps what comes, so that a test can wait for it. */
export class Client {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(url: string, options: ConstructorParameters<typeof WebSocket>[2] = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      for (const look of this.#waiting) look();
    });
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** The first message like this, past or future. */
  got(expected: Partial<Message>): Promise<Message> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.messages.find((message) => this.#like(message, expected));
        if (found) resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async closed(): Promise<[code: number, reason: string]> {
    const [code, reason] = await once(this.socket, 'close');
    return [code, String(reason)];
  }

  #like(message: Message, expected: Partial<Message>): boolean {
    return Object.entries(expected).every(([name, value]) => message[name as keyof Message] === value);
  }
}

export const RECORD: SessionRecord = {
  id: 's-1',
  tenant: 'default',
  principal: ANONYMOUS.id,
  revision: '2025-06-18',
  capabilities: {},
};

/** What the tests look at behind the connections. */
class Backend {
  readonly requests: [InboundRequest, Answer][] = [];
  readonly oneWay: Inbound[] = [];
  readonly subscribers = new Set<Subscriber>();
  readonly ended: string[] = [];
  readonly found: string[] = [];

  readonly handle = (request: InboundRequest, answer: Answer): void => {
    this.requests.push([request, answer]);
    if (request.method === 'initialize') answer.result('{"protocolVersion":"2025-06-18"}', RECORD.id);
    else if (request.method === 'ping' || request.method.startsWith('resources/')) answer.result('{}');
    else if (request.method === 'refused') throw new MillraceError('invalid_params', 'no');
  };
}

export interface Served {
  readonly backend: Backend;
  readonly sockets: WebSockets;
  connect(options?: ConstructorParameters<typeof WebSocket>[2]): Promise<Client>;
  readonly url: string;
}

export async function serve(options: Partial<WebSocketsOptions> = {}): Promise<Served> {
  const backend = new Backend();
  const sockets = new WebSockets({
    classifier: new Classifier(),
    methods: { handle: backend.handle },
    oneWay: { receive: async (inbound) => void backend.oneWay.push(inbound) },
    sessions: {
      find: (id) => {
        backend.found.push(id);
        return RECORD;
      },
      end: async ({ id }) => void backend.ended.push(id),
    },
    changes: {
      add: (one) => void backend.subscribers.add(one),
      remove: (one) => void backend.subscribers.delete(one),
    },
    hosts: new HostCheck({ listenHost: '127.0.0.1' }),
    quota: new StreamQuota(100),
    serverInfo: { name: 'millrace', version: '1.2.3' },
    maxMessageBytes: 1_000,
    maxBufferBytes: 1_000_000,
    heartbeatMs: 10_000,
    idleMs: 20_000,
    logger: createLogger({ name: 'test', level: 'silent' }),
    ...options,
  });
  await sockets.start();
  const server = createServer();
  server.on('upgrade', (request: IncomingMessage, socket, head) => sockets.upgrade(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
  onTestFinished(async () => {
    await sockets.stop();
    server.close();
  });
  const connect = async (clientOptions?: ConstructorParameters<typeof WebSocket>[2]) => {
    const client = new Client(url, clientOptions);
    await client.got({ method: 'notifications/millrace/welcome' });
    return client;
  };
  return { backend, sockets, connect, url };
}

export function modern(id: number, method: string, params: Record<string, unknown> = {}) {
  const _meta = {
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientInfo]: { name: 'test', version: '1' },
    [META.clientCapabilities]: {},
  };
  return { id, method, params: { ...params, _meta } };
}

export async function initialized({ connect }: Served): Promise<Client> {
  const client = await connect();
  const clientInfo = { name: 'test', version: '1' };
  client.send({
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
  });
  await client.got({ id: 0 });
  return client;
}
