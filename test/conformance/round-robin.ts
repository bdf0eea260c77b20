import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

/**
 * An HTTP proxy that sends each request to the next of its targets, so that no two requests of a client meet the
 * same replica. It changes no header (`Host` and `Origin` are the targets' to judge), buffers nothing in either
 * direction, and passes the end of either side on to the other.
 */
export class RoundRobin {
  readonly #targets: readonly URL[];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server: Server;
  #requests = 0;

  private constructor(targets: readonly string[]) {
    this.#targets = targets.map((target) => new URL(target));
    this.#server = createServer((from, to) => this.#forward(from, to));
  }

  /** @param targets one URL per replica; all serve the same path */
  static async start(targets: readonly string[]): Promise<RoundRobin> {
    const proxy = new RoundRobin(targets);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Where the replicas can be reached as one. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.#targets[0]?.pathname ?? '/'}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    this.#agent.destroy();
  }

  #forward(from: IncomingMessage, to: ServerResponse): void {
    const { hostname, port } = this.#next();
    const { method, url: path, headers } = from;
    const outgoing = request({ hostname, port, method, path, headers, agent: this.#agent });
    outgoing.once('response', (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      // The head of a stream must not wait for its first event.
      to.flushHeaders();
      pipeline(answer, to, () => {});
    });
    outgoing.once('error', () => fail(to));
    to.once('close', () => outgoing.destroy());
    from.pipe(outgoing);
  }

  #next(): URL {
    const target = this.#targets[this.#requests % this.#targets.length];
    if (target === undefined) throw new Error('the proxy has no target');
    this.#requests += 1;
    return target;
  }
}

/** The target could not be reached, or went away before it answered. */
function fail(to: ServerResponse): void {
  if (to.headersSent) to.destroy();
  else to.writeHead(502).end();
}
