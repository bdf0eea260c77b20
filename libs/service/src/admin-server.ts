import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';
import type { Logger } from './logger.ts';
import type { Service } from './service.ts';

export interface AdminAnswer {
  /** HTTP status; 200 unless given. */
  readonly status?: number;
  /** Text goes out as it is, anything else as JSON. */
  readonly body: unknown;
  /** `text/plain` for text and `application/json` for the rest, unless given. */
  readonly contentType?: string;
}

export type AdminRoute = (url: URL) => Promise<AdminAnswer> | AdminAnswer;

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The variable that sets the port, for the message when it is taken. */
  readonly portVariable: string;
  /** By exact path; a path that ends in `/*` answers everything below it. */
  readonly routes: Readonly<Record<string, AdminRoute>>;
  readonly logger: Logger;
}

/** The small HTTP server for operators: health, metrics, demand. Answers GET and HEAD only. */
export class AdminServer implements Service {
  readonly #options: AdminServerOptions;
  readonly #server: Server;
  #starting: Promise<void> | undefined;
  #address: { readonly host: string; readonly port: number } | undefined;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Where it listens. @throws Error before `start` is done */
  get address(): { readonly host: string; readonly port: number } {
    if (!this.#address) throw new Error('the admin server does not listen yet');
    return this.#address;
  }

  start(): Promise<void> {
    this.#starting ??= this.#listen();
    return this.#starting;
  }

  /** Closes at once: nobody loses work when a health answer is cut off. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(): Promise<void> {
    const { host, port, portVariable } = this.#options;
    const { port: actual } = await listen(this.#server, { host, port, variable: portVariable });
    this.#address = { host, port: actual };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, await this.#answer(request));
    } catch (error) {
      this.#options.logger.error({ err: error, path: request.url }, 'an admin route failed');
      send(response, { status: 500, body: { error: 'internal error' } });
    }
  }

  async #answer(request: IncomingMessage): Promise<AdminAnswer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, body: { error: 'only GET and HEAD' } };
    }
    const base = 'http://admin';
    if (!URL.canParse(request.url ?? '/', base)) return { status: 400, body: { error: 'malformed path' } };
    const url = new URL(request.url ?? '/', base);
    const route = this.#route(url.pathname);
    return route ? route(url) : { status: 404, body: { error: 'not found' } };
  }

  #route(path: string): AdminRoute | undefined {
    const { routes } = this.#options;
    if (Object.hasOwn(routes, path)) return routes[path];
    const below = Object.keys(routes).find((key) => key.endsWith('/*') && path.startsWith(key.slice(0, -1)));
    return below === undefined ? undefined : routes[below];
  }
}

function send(response: ServerResponse, { status = 200, body, contentType }: AdminAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': contentType ?? type, 'cache-control': 'no-store' });
  response.end(text);
}
