import { once } from 'node:events';
import type { JSONRPCMessage, JSONRPCRequest, JSONRPCResponse } from '@modelcontextprotocol/client';
import { WebSocket } from 'ws';
import { Inbox } from './inbox.ts';
import { isResponse } from './message.ts';
import { isSetupId } from './setup-requests.ts';

export interface WebSocketLinkOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Between two signs of life that the server is asked for, in milliseconds. */
  readonly heartbeatMs: number;
  readonly onMessage: (message: JSONRPCMessage) => void;
  readonly onError: (error: Error) => void;
  /** Told once, after an open link was closed by either side or lost. */
  readonly onClosed: (link: WebSocketLink, code: number) => void;
}

/** The front door closes with this code a connection that was not used, in good order. */
export const NORMAL_CLOSURE = 1000;

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** One connection to a front door, from its opening to its end. */
export class WebSocketLink {
  readonly #socket: WebSocket;
  readonly #options: WebSocketLinkOptions;
  readonly #inbox: Inbox;
  readonly #setup = new Map<unknown, PromiseWithResolvers<JSONRPCResponse>>();
  #heartbeat: NodeJS.Timeout | undefined;
  #alive = true;

  /** @throws Error when the connection cannot be made */
  static async open(options: WebSocketLinkOptions): Promise<WebSocketLink> {
    const link = new WebSocketLink(options);
    await once(link.#socket, 'open');
    return link;
  }

  private constructor(options: WebSocketLinkOptions) {
    const { url, headers } = options;
    this.#options = options;
    this.#inbox = new Inbox(options.onMessage);
    this.#socket = new WebSocket(url, { headers, handshakeTimeout: HANDSHAKE_TIMEOUT_MS });
    this.#socket.on('message', (data) => this.#receive(String(data)));
    this.#socket.once('open', () => this.#opened());
  }

  /** Rejects when the message could not be sent. */
  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Sends a request of the transport's own. @returns its answer, which the client does not get to see */
  async ask(request: JSONRPCRequest): Promise<JSONRPCResponse> {
    const answer = Promise.withResolvers<JSONRPCResponse>();
    this.#setup.set(request.id, answer);
    // A connection that is lost while the message is being sent rejects both.
    const [response] = await Promise.all([answer.promise, this.send(request)]);
    return response;
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close(NORMAL_CLOSURE);
    await closed;
  }

  #opened(): void {
    for (const sign of ['ping', 'pong'] as const) {
      this.#socket.on(sign, () => {
        this.#alive = true;
      });
    }
    this.#socket.on('error', this.#options.onError);
    this.#socket.once('close', (code) => this.#closed(code));
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.heartbeatMs);
  }

  #receive(text: string): void {
    this.#alive = true;
    const message = parse(text, this.#options.onError);
    if (!message) return;
    if (!isResponse(message) || !isSetupId(message.id)) this.#inbox.add(message);
    else this.#setup.get(message.id)?.resolve(message);
  }

  /** A server that is gone without a word is noticed after two heartbeats at most. */
  #beat(): void {
    if (this.#alive) this.#socket.ping();
    else this.#socket.terminate();
    this.#alive = false;
  }

  #closed(code: number): void {
    clearInterval(this.#heartbeat);
    for (const answer of this.#setup.values())
      answer.reject(new Error(`The connection was closed (${code})`));
    this.#options.onClosed(this, code);
  }
}

function parse(text: string, onError: (error: Error) => void): JSONRPCMessage | undefined {
  try {
    return JSON.parse(text) as JSONRPCMessage;
  } catch (cause) {
    onError(new Error('The server sent what is no JSON', { cause }));
    return undefined;
  }
}
