import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
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
  readonly headers?: Readonly<Record<string, string>>;
}

export type AdminRoute = (url: URL) => Promise<AdminAnswer> | AdminAnswer;

/** A route with which something can be done, too. */
export interface AdminMethods {
  readonly get: AdminRoute;
  readonly put?: (body: string) => Promise<AdminAnswer> | AdminAnswer;
  readonly post?: AdminRoute;
  readonly delete?: AdminRoute;
  /** Asked before anything else. @returns the refusal of a request that may not pass */
  readonly guard?: (headers: IncomingHttpHeaders) => AdminAnswer | undefined;
}

/** Bytes that a body may have. */
const MAX_BODY = 1_024;

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The variable that sets the port, for the message when it is taken. */
  readonly portVariable: string;
  /** By exact path; a path that ends in `/*` answers everything below it. */
  readonly routes: Readonly<Record<string, AdminRoute | AdminMethods>>;
  readonly logger: Logger;
}

/** The small HTTP server for operators: health, metrics, demand, log level. */
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
    const base = 'http://admin';
    if (!URL.canParse(request.url ?? '/', base)) return { status: 400, body: { error: 'malformed path' } };
    const url = new URL(request.url ?? '/', base);
    const route = this.#route(url.pathname);
    if (!route) return { status: 404, body: { error: 'not found' } };
    const methods: AdminMethods = typeof route === 'function' ? { get: route } : route;
    return methods.guard?.(request.headers) ?? this.#answerBy(methods, request, url);
  }

  async #answerBy(methods: AdminMethods, request: IncomingMessage, url: URL): Promise<AdminAnswer> {
    const { get, put, post, delete: remove } = methods;
    if (request.method === 'GET' || request.method === 'HEAD') return get(url);
    if (request.method === 'POST' && post) return post(url);
    if (request.method === 'DELETE' && remove) return remove(url);
    if (request.method !== 'PUT' || !put) return notAllowed(methods);
    const body = await bodyOf(request);
    return body === undefined ? { status: 413, body: { error: 'the body is too long' } } : put(body);
  }

  #route(path: string): AdminRoute | AdminMethods | undefined {
    const { routes } = this.#options;
    if (Object.hasOwn(routes, path)) return routes[path];
    const below = Object.keys(routes).find((key) => key.endsWith('/*') && path.startsWith(key.slice(0, -1)));
    return below === undefined ? undefined : routes[below];
  }
}

function notAllowed({ put, post, delete: remove }: AdminMethods): AdminAnswer {
  const more = [put && 'PUT', post && 'POST', remove && 'DELETE'].filter((name) => name !== undefined);
  const allow = ['GET', 'HEAD', ...more].join(', ');
  return { status: 405, body: { error: `only ${allow}` }, headers: { allow } };
}

/** @returns undefined for a body that is too long */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY) chunks.push(chunk);
  }
  return bytes > MAX_BODY ? undefined : Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status = 200, body, contentType, headers }: AdminAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, {
    ...headers,
    'content-type': contentType ?? type,
    'cache-control': 'no-store',
  });
  response.end(text);
}
