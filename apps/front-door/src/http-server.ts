import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen, type Service } from '@millrace/service';

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Handlers by path, without query. */
  readonly paths: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>;
  /** Who makes WebSockets of connections, by path. */
  readonly upgrades?: Readonly<Record<string, Upgrade>>;
}

/** How long an idle connection is kept, in milliseconds; longer than the usual load balancer does. */
const IDLE_MS = 75_000;

/** The public HTTP server of a front door. */
export class HttpServer implements Service {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  #address: AddressInfo | undefined;
  /** Requests that are not answered yet. */
  #open = 0;
  #stopping = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer({ keepAliveTimeout: IDLE_MS }, (request, response) => {
      this.#serve(request, response);
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Where it listens. @throws Error before `start` is done */
  get address(): AddressInfo {
    if (!this.#address) throw new Error('the HTTP server does not listen yet');
    return this.#address;
  }

  async start(): Promise<void> {
    const { host, port } = this.#options;
    this.#address = await listen(this.#server, { host, port, variable: 'MILLRACE_HTTP_PORT' });
  }

  /** Takes no new connection, lets answers under way finish until the deadline, then closes all. */
  async stop(deadline?: number): Promise<void> {
    if (!this.#server.listening) return;
    this.#stopping = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#closeWhenQuiet();
    const left = deadline === undefined ? 0 : Math.max(0, deadline - Date.now());
    const timer = setTimeout(() => this.#server.closeAllConnections(), left);
    await closed;
    clearTimeout(timer);
  }

  /** When all is answered, connections that are kept alive, or never sent a request, are not waited for. */
  #closeWhenQuiet(): void {
    if (this.#stopping && this.#open === 0) this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#open += 1;
    response.once('close', () => {
      this.#open -= 1;
      this.#closeWhenQuiet();
    });
    if (this.#stopping) response.shouldKeepAlive = false;
    const path = pathOf(request);
    const handler = Object.hasOwn(this.#options.paths, path) ? this.#options.paths[path] : undefined;
    if (handler) handler(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found: MCP is served at /mcp\n');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Whoever takes the connection over listens for more.
    socket.on('error', () => socket.destroy());
    const { upgrades = {} } = this.#options;
    const path = pathOf(request);
    const upgrade = Object.hasOwn(upgrades, path) ? upgrades[path] : undefined;
    if (upgrade) upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
