import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen, type Service } from '@millrace/service';
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from './http-settings.ts';

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Handlers by path, without query. */
  readonly paths: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>;
  /** Who makes WebSockets of connections, by path. */
  readonly upgrades?: Readonly<Record<string, Upgrade>>;
  /** What it puts up with; `HTTP_SETTINGS` has the defaults. */
  readonly settings?: ServerSettings;
}

type ServerSettings = Omit<HttpSettings, 'maxStreamsPerPrincipal' | 'corsOrigins'>;

/** How often it looks for clients that are too slow, in milliseconds. */
const SLOW_CHECK_MS = 1_000;

/** The public HTTP server of a front door. */
export class HttpServer implements Service {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #maxHeaders: number;
  #address: AddressInfo | undefined;
  /** Requests that are not answered yet. */
  #open = 0;
  #stopping = false;
  #retiring = false;
  /** One function for all requests; a response closes once. */
  readonly #onClose = (): void => {
    this.#open -= 1;
    this.#closeWhenQuiet();
  };

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const settings = options.settings ?? DEFAULT_HTTP_SETTINGS;
    this.#maxHeaders = settings.maxHeaders;
    this.#server = createServer(limitsOf(settings), (request, response) => this.#serve(request, response));
    // What Node has too many headers for, it leaves out without a word: they are counted, and refused, below.
    this.#server.maxHeadersCount = 0;
    this.#server.maxConnections = settings.maxConnections;
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Where it listens. @throws Error before `start` is done */
  get address(): AddressInfo {
    if (!this.#address) throw new Error('the HTTP server does not listen yet');
    return this.#address;
  }

  /** Connections that are open, those that became WebSockets included. */
  connections(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    return promise;
  }

  async start(): Promise<void> {
    const { host, port } = this.#options;
    this.#address = await listen(this.#server, { host, port, variable: 'MILLRACE_HTTP_PORT' });
  }

  /** Asks clients to make their next request on another connection, which a load balancer opens elsewhere. */
  retire(): void {
    this.#retiring = true;
  }

  /**
   * Takes no new connection, lets answers under way finish until the deadline, then closes all.
   *
   * @throws Error when the deadline cut answers off
   */
  async stop(deadline?: number): Promise<void> {
    if (!this.#server.listening) return;
    this.#stopping = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#closeWhenQuiet();
    const left = deadline === undefined ? 0 : Math.max(0, deadline - Date.now());
    let cut = 0;
    const timer = setTimeout(() => {
      cut = this.#open;
      this.#server.closeAllConnections();
    }, left);
    await closed;
    clearTimeout(timer);
    // Without a deadline nobody was promised time.
    if (deadline !== undefined && cut > 0) throw new Error(`HTTP requests that were cut off: ${cut}`);
  }

  /** When all is answered, connections that are kept alive, or never sent a request, are not waited for. */
  #closeWhenQuiet(): void {
    if (this.#stopping && this.#open === 0) this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#open += 1;
    response.on('close', this.#onClose);
    if (this.#retiring || this.#stopping) response.shouldKeepAlive = false;
    if (this.#hasTooManyHeaders(request)) return void response.writeHead(431, CLOSED).end(TOO_MANY_HEADERS);
    const path = pathOf(request);
    const handler = Object.hasOwn(this.#options.paths, path) ? this.#options.paths[path] : undefined;
    if (handler) handler(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found: MCP is served at /mcp\n');
  }

  #hasTooManyHeaders({ rawHeaders }: IncomingMessage): boolean {
    return rawHeaders.length > 2 * this.#maxHeaders;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Whoever takes the connection over listens for more.
    socket.on('error', () => socket.destroy());
    if (this.#hasTooManyHeaders(request)) {
      socket.end(
        'HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
      );
      return;
    }
    const { upgrades = {} } = this.#options;
    const path = pathOf(request);
    const upgrade = Object.hasOwn(upgrades, path) ? upgrades[path] : undefined;
    if (upgrade) upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  }
}

const CLOSED = { 'content-type': 'text/plain', connection: 'close' };
const TOO_MANY_HEADERS = 'Too many headers\n';

function limitsOf(settings: ServerSettings): ServerOptions {
  const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, maxHeaderBytes } = settings;
  return {
    keepAliveTimeout: idleTimeoutMs,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval: Math.min(SLOW_CHECK_MS, headersTimeoutMs),
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
