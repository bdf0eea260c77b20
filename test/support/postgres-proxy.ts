import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The name by which Postgres clients look for a server in a directory. */
const SOCKET = '.s.PGSQL.5432';

/** A way to a Postgres server on a socket file that a test can cut and mend. */
export class PostgresProxy {
  /** Value for `MILLRACE_STATE_DATABASE_URL`. */
  readonly url: string;
  readonly #directory: string;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(directory: string, serverUrl: string) {
    // Not a host as `URL` knows them, but the name of a directory.
    const host = /@([^/]+)\//.exec(serverUrl)?.[1] ?? '';
    this.#directory = directory;
    this.#target = join(decodeURIComponent(host), SOCKET);
    this.url = serverUrl.replace(host, encodeURIComponent(directory));
  }

  /** @param serverUrl as `startPostgres` gives it */
  static async start(serverUrl: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(await mkdtemp(join(tmpdir(), 'millrace-pgp-')), serverUrl);
    await proxy.mend();
    return proxy;
  }

  /** Breaks all connections and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  async mend(): Promise<void> {
    const server = createServer((client) => this.#connect(client));
    server.listen(join(this.#directory, SOCKET));
    await once(server, 'listening');
    this.#server = server;
  }

  async stop(): Promise<void> {
    await this.cut();
    await rm(this.#directory, { recursive: true });
  }

  #connect(client: Socket): void {
    const target = createConnection(this.#target);
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      // A broken end is told to the other by closing it.
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
