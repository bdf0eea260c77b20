import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { failureOf, type StreamQuota } from '@millrace/dispatch';
import { MillraceError } from '@millrace/protocol';
import type { Service } from '@millrace/service';
import { type WebSocket, WebSocketServer } from 'ws';
import { Bearer } from './bearer.ts';
import { credentialsOf, type Entrance } from './entrance.ts';
import type { HostCheck } from './http-checks.ts';
import type { RequestAudit } from './request-audit.ts';
import { WebSocketConnection, type WebSocketContext } from './web-socket-connection.ts';

export interface WebSocketsOptions extends WebSocketContext {
  readonly hosts: HostCheck;
  /** Absent where nobody is authenticated. */
  readonly entrance?: Pick<Entrance, 'identify' | 'challenge'> | undefined;
  readonly quota: StreamQuota;
  /** Absent where nothing is put on record. */
  readonly audit?: Pick<RequestAudit, 'refused'> | undefined;
  /** Longest message that is taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Between two pings on each connection, in milliseconds. */
  readonly heartbeatMs: number;
}

/** The WebSockets of a front door. */
export class WebSockets implements Service {
  readonly #options: WebSocketsOptions;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<WebSocketConnection>();
  #heartbeat: NodeJS.Timeout | undefined;
  #drained = Promise.withResolvers<void>();
  #stopping = false;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxMessageBytes,
    });
  }

  /** Connections that are open. */
  get size(): number {
    return this.#connections.size;
  }

  async start(): Promise<void> {
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#options.heartbeatMs);
  }

  /**
   * Takes no new connection and no new request; lets answers under way finish until the deadline.
   *
   * @throws Error when the deadline cut answers off
   */
  async stop(deadline?: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#heartbeat);
    if (this.#connections.size === 0) return;
    for (const connection of this.#connections) connection.drain();
    const left = deadline === undefined ? 0 : Math.max(0, deadline - Date.now());
    let cut = 0;
    const timer = setTimeout(() => {
      cut = this.#terminateAll();
    }, left);
    await this.#drained.promise;
    clearTimeout(timer);
    // Without a deadline nobody was promised time.
    if (deadline !== undefined && cut > 0)
      throw new Error(`WebSockets that were cut off with open requests: ${cut}`);
  }

  /** Makes a WebSocket of an HTTP connection, or refuses to. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { hosts, entrance, quota, audit } = this.#options;
    try {
      hosts.check(request);
      const bearer = entrance && (await Bearer.of(credentialsOf(request), entrance));
      if (this.#stopping) throw new MillraceError('shutting_down', 'The front door is shutting down');
      socket.once('close', quota.open(bearer?.caller));
      this.#server.handleUpgrade(request, socket, head, (webSocket) =>
        this.#add(webSocket, bearer, audit && request.socket.remoteAddress),
      );
    } catch (thrown) {
      const error = failureOf(thrown);
      audit?.refused(error, request.socket.remoteAddress);
      refuse(socket, error, entrance?.challenge(error));
    }
  }

  #add(webSocket: WebSocket, bearer: Bearer | undefined, source: string | undefined): void {
    const onClosed = () => this.#closed(connection);
    const connection = new WebSocketConnection(webSocket, this.#options, onClosed, bearer, source);
    this.#connections.add(connection);
  }

  #beat(): void {
    const now = Date.now();
    for (const connection of this.#connections) connection.beat(now);
  }

  #closed(connection: WebSocketConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#drained.resolve();
  }

  /** @returns on how many of them something was still to be answered */
  #terminateAll(): number {
    const connections = [...this.#connections];
    const busy = connections.filter((connection) => connection.busy).length;
    for (const connection of connections) connection.terminate();
    return busy;
  }
}

/** Answers over HTTP, since the connection has not become a WebSocket. */
function refuse(socket: Duplex, { status, message }: MillraceError, challenge: string | undefined): void {
  const body = `${message}\n`;
  const asked = challenge === undefined ? '' : `www-authenticate: ${challenge}\r\n`;
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain\r\n` +
      `${asked}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
