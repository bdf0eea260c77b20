import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** A way to Redis that a test can cut, for one process and not for another. */
export class RedisProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(redisUrl: string) {
    const { hostname, port } = new URL(redisUrl);
    this.#server = createServer((client) => this.#connect(client, hostname, Number(port)));
  }

  /** Listens on a free port of the loopback interface. */
  static async start(redisUrl: string): Promise<RedisProxy> {
    const proxy = new RedisProxy(redisUrl);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks all connections and refuses new ones. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async stop(): Promise<void> {
    this.cut();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #connect(client: Socket, host: string, port: number): void {
    if (this.#cut) {
      client.destroy();
      return;
    }
    const redis = createConnection({ host, port, noDelay: true });
    client.setNoDelay(true).pipe(redis).pipe(client);
    this.#keep(client, redis);
    this.#keep(redis, client);
  }

  /** Each end goes with the other. */
  #keep(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    // An end that is cut reports that; the test knows.
    socket.on('error', () => other.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
