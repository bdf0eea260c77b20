import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { META, MODERN_REVISION } from '@millrace/protocol';

export interface LoadOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Requests in flight at any time. */
  readonly connections: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  /** Told of each second that has passed. @param requests so far */
  readonly onSecond?: (seconds: number, requests: number) => void;
}

export interface LoadFigures {
  /** Answers without an error. */
  readonly ok: number;
  /** Answers that were errors, by what they said, and how often. */
  readonly errors: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Milliseconds, of all answers without an error, sorted. */
  readonly times: readonly number[];
}

/** Makes one request after the other on each connection until the time is up, and measures them. */
export async function runLoad(options: LoadOptions): Promise<LoadFigures> {
  const loop = new LoadLoop(options);
  return loop.run();
}

class LoadLoop {
  readonly #options: LoadOptions;
  readonly #agent: Agent;
  readonly #times: number[] = [];
  readonly #errors = new Map<string, number>();
  readonly #body: string;

  constructor(options: LoadOptions) {
    this.#options = options;
    const settings = { keepAlive: true, maxSockets: options.connections };
    this.#agent = options.url.protocol === 'https:' ? new SecureAgent(settings) : new Agent(settings);
    const _meta = {
      [META.protocolVersion]: MODERN_REVISION,
      [META.clientInfo]: { name: 'millrace-bench', version: '0.1.0' },
      [META.clientCapabilities]: {},
    };
    const { method, params } = options;
    this.#body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } });
  }

  async run(): Promise<LoadFigures> {
    const { connections, durationMs, onSecond } = this.#options;
    const since = performance.now();
    const until = since + durationMs;
    let seconds = 0;
    const timer = setInterval(() => {
      seconds += 1;
      onSecond?.(seconds, this.#times.length);
    }, 1_000);
    await Promise.all(Array.from({ length: connections }, () => this.#connection(until)));
    clearInterval(timer);
    this.#agent.destroy();
    return {
      ok: this.#times.length,
      errors: Object.fromEntries(this.#errors),
      seconds: (performance.now() - since) / 1_000,
      times: this.#times.sort((a, b) => a - b),
    };
  }

  async #connection(until: number): Promise<void> {
    while (performance.now() < until && !this.#options.signal.aborted) {
      const since = performance.now();
      const failure = await this.#request().catch(
        (error: Error & { code?: string }) => error.code ?? error.message,
      );
      if (failure === undefined) this.#times.push(performance.now() - since);
      else this.#errors.set(failure, (this.#errors.get(failure) ?? 0) + 1);
    }
  }

  /** @returns what went wrong, if anything */
  #request(): Promise<string | undefined> {
    const { url, headers, method, params } = this.#options;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(url, {
        method: 'POST',
        agent: this.#agent,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': MODERN_REVISION,
          'mcp-method': method,
          ...(typeof params['name'] === 'string' && { 'mcp-name': params['name'] }),
          'content-length': Buffer.byteLength(this.#body),
          ...headers,
        },
      });
      request.once('error', reject);
      request.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('error', reject);
        response.once('end', () => resolve(failureIn(text, response.statusCode ?? 0)));
      });
      request.end(this.#body);
    });
  }
}

/** What an answer says that went wrong. It is looked at as text: to parse it would cost more than to make it. */
function failureIn(text: string, status: number): string | undefined {
  const code = /"error":\{"code":(-?\d+)/.exec(text)?.[1];
  if (code !== undefined) return `JSON-RPC error ${code}`;
  if (text.includes('"isError":true')) return 'the tool failed';
  return status === 200 ? undefined : `HTTP ${status}`;
}
