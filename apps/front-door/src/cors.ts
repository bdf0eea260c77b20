import type { IncomingMessage, ServerResponse } from 'node:http';

/** Headers that pages may send. */
const REQUEST_HEADERS =
  'authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id, x-api-key';

/** Headers of answers that pages may read. */
const RESPONSE_HEADERS =
  'mcp-protocol-version, mcp-session-id, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, www-authenticate';

/** How long a browser remembers what it was told, in seconds. */
const MAX_AGE_S = 7_200;

/** Cross-origin resource sharing: lets pages of listed origins read answers, and of no other one. */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** Whether pages of the origin may read answers. */
  allows(origin: string): boolean {
    return this.#origins.has('*') || this.#origins.has(origin);
  }

  /** @returns whether the request was a preflight, which is answered by that */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    if (origin === undefined || !this.allows(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'Origin');
    const method = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || method === undefined) {
      response.setHeader('access-control-expose-headers', RESPONSE_HEADERS);
      return false;
    }
    // Names of parameter headers are up to the tools.
    const asked = request.headers['access-control-request-headers'] ?? '';
    const params = [...asked.matchAll(/\bmcp-param-[\w-]+/gi)].map(([name]) => name);
    response.writeHead(204, {
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': [REQUEST_HEADERS, ...params].join(', '),
      'access-control-max-age': String(MAX_AGE_S),
    });
    response.end();
    return true;
  }
}
