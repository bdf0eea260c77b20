import { randomUUID } from 'node:crypto';
import { MessageRequests, type MessageRequestsContext } from '@millrace/dispatch';
import { REVISIONS, type ServerInfo } from '@millrace/protocol';
import type { RawData, WebSocket } from 'ws';
import type { Bearer } from './bearer.ts';

/** Method of the first message on each connection, a notification. */
const WELCOME = 'notifications/millrace/welcome';

/** Why a connection is closed from this side: code and reason. 4000 and above are our own. */
const CLOSE = {
  idle: [1000, 'idle'],
  goingAway: [1001, 'the front door is shutting down'],
  binary: [1003, 'messages are text frames'],
  slow: [1013, 'messages are not read as fast as they come'],
  silent: [4000, 'no sign of life'],
  unauthenticated: [4401, 'the credential has expired or was revoked'],
} as const;

/** How long a client may take to answer that its connection is closed, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** What all connections of a front door share. */
export interface WebSocketContext extends MessageRequestsContext {
  readonly serverInfo: ServerInfo;
  /** Bytes that may wait for a client that reads slowly. */
  readonly maxBufferBytes: number;
  /** After which a connection without a sign of life, or without use, is closed, in milliseconds. */
  readonly idleMs: number;
}

/** One WebSocket: each text frame is one JSON-RPC message. */
export class WebSocketConnection {
  readonly id = randomUUID();
  readonly #socket: WebSocket;
  readonly #context: WebSocketContext;
  readonly #requests: MessageRequests;
  readonly #bearer: Bearer | undefined;
  #heardAt = Date.now();
  #usedAt = this.#heardAt;
  #draining = false;
  #closing: NodeJS.Timeout | undefined;

  /**
   * @param onClosed called once, when the connection is gone
   * @param bearer who opened it; absent where nobody is authenticated
   * @param source address that it came from, where that is put on record
   */
  constructor(
    socket: WebSocket,
    context: WebSocketContext,
    onClosed: () => void,
    bearer?: Bearer,
    source?: string,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#bearer = bearer;
    const outlet = {
      send: (message: string) => this.#send(message),
      onAnswered: () => this.#closeWhenDrained(),
    };
    this.#requests = new MessageRequests(context, outlet, bearer && (() => bearer.identify()), source);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#heardAt = Date.now();
    });
    // After a wrong frame the library closes the connection with the code that says what was wrong.
    socket.on('error', (error) => context.logger.debug({ err: error, connection: this.id }, 'a WebSocket'));
    socket.once('close', () => {
      clearTimeout(this.#closing);
      void this.#requests.close();
      onClosed();
    });
    this.#welcome();
  }

  /** Whether a request on it is not answered yet. */
  get busy(): boolean {
    return this.#requests.running;
  }

  /** Looks whether anybody is there, and asks for a sign of life. */
  beat(now: number): void {
    const { idleMs } = this.#context;
    if (this.#bearer?.valid === false) this.#close('unauthenticated');
    else if (now - this.#heardAt >= idleMs) this.#close('silent');
    else if (!this.#requests.inUse && now - this.#usedAt >= idleMs) this.#close('idle');
    else this.#socket.ping();
    this.#requests.keepSession();
  }

  /** Takes no more requests, and closes once all that run are answered. */
  drain(): void {
    this.#draining = true;
    this.#requests.refuse();
    this.#closeWhenDrained();
  }

  /** Ends it at once. */
  terminate(): void {
    this.#socket.terminate();
  }

  #welcome(): void {
    const { serverInfo } = this.#context;
    const params = { connectionId: this.id, serverInfo, supportedVersions: REVISIONS };
    this.#send(JSON.stringify({ jsonrpc: '2.0', method: WELCOME, params }));
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#heardAt = Date.now();
    this.#usedAt = this.#heardAt;
    if (isBinary) this.#close('binary');
    else void this.#requests.receive(String(data));
  }

  /** One large message may exceed the bound alone: what counts is whether the client takes the ones before. */
  #send(message: string): void {
    this.#usedAt = Date.now();
    if (this.#bearer?.valid === false) this.#close('unauthenticated');
    else if (this.#socket.bufferedAmount > this.#context.maxBufferBytes) this.#close('slow');
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(message);
  }

  #closeWhenDrained(): void {
    if (this.#draining && !this.#requests.running) this.#close('goingAway');
  }

  #close(reason: keyof typeof CLOSE): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const [code, text] = CLOSE[reason];
    this.#socket.close(code, text);
    // One that does not read, or is not there, will not answer.
    this.#closing = setTimeout(() => this.terminate(), CLOSE_TIMEOUT_MS);
  }
}
