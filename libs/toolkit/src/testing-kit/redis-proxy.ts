import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** One connection through the proxy. */
interface Way {
  readonly ends: readonly [Socket, Socket];
  /** Whether something of it was swallowed: nothing sensible can come through any more. */
  broken: boolean;
}

type Mode = 'open' | 'cut' | 'stalled' | 'swallowing';

/** A way to Redis that a test can cut, for one process and not for another. */
export class RedisProxy {
  readonly #server: Server;
  readonly #ways = new Set<Way>();
  #mode: Mode = 'open';
  /** Connections that are let through before all further ones are refused. */
  #admitted = Number.POSITIVE_INFINITY;

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

  /** Lets so many more connections through, and refuses those that come after, until it is mended. */
  admit(connections: number): void {
    this.#admitted = connections;
  }

  /** Breaks all connections and refuses new ones. */
  cut(): void {
    this.#mode = 'cut';
    for (const { ends } of this.#ways) for (const end of ends) end.destroy();
  }

  /** Holds back all that is sent, until it is mended: then it arrives late. */
  stall(): void {
    this.#mode = 'stalled';
    for (const { ends } of this.#ways) for (const end of ends) end.pause();
  }

  /** Swallows all that is sent, for good: connections look alive and are dead. New ones work once it is mended. */
  swallow(): void {
    this.#mode = 'swallowing';
    for (const way of this.#ways) way.broken = true;
  }

  mend(): void {
    this.#mode = 'open';
    this.#admitted = Number.POSITIVE_INFINITY;
    for (const { ends } of this.#ways) for (const end of ends) end.resume();
  }

  async stop(): Promise<void> {
    this.cut();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #connect(client: Socket, host: string, port: number): void {
    if (this.#mode === 'cut' || this.#admitted <= 0) {
      client.destroy();
      return;
    }
    this.#admitted -= 1;
    const redis = createConnection({ host, port, noDelay: true });
    const way: Way = { ends: [client.setNoDelay(true), redis], broken: this.#mode === 'swallowing' };
    this.#ways.add(way);
    this.#carry(way, client, redis);
    this.#carry(way, redis, client);
    if (this.#mode === 'stalled') for (const end of way.ends) end.pause();
  }

  /** Each end goes with the other. */
  #carry(way: Way, from: Socket, to: Socket): void {
    from.on('data', (data) => {
      if (!way.broken && to.writable) to.write(data);
    });
    // An end that is cut reports that; the test knows.
    from.on('error', () => to.destroy());
    from.on('end', () => to.end());
    from.on('close', () => {
      this.#ways.delete(way);
      to.destroy();
    });
  }
}
