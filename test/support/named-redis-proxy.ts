import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** How each connection names itself, with `CLIENT SETNAME`, in its first bytes. */
const NAME = /millrace:([\w-]+)/;

interface Link {
  readonly client: Socket;
  readonly redis: Socket;
  name: string;
}

/** A way to Redis on which a test can make single connections of a process slow, or break them, by their names. */
export class NamedRedisProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #held = new Set<string>();
  readonly #cut = new Set<string>();
  readonly #deaf = new Map<string, () => void>();

  private constructor(redisUrl: string) {
    const { hostname, port } = new URL(redisUrl);
    this.#server = createServer((client) => this.#connect(client, hostname, Number(port)));
  }

  /** Listens on a free port of the loopback interface. */
  static async start(redisUrl: string): Promise<NamedRedisProxy> {
    const proxy = new NamedRedisProxy(redisUrl);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets what is asked on these connections wait until `mend`. */
  hold(name: string): void {
    this.#held.add(name);
    for (const { client } of this.#named(name)) client.pause();
  }

  /** Breaks these connections, and each new one until `mend`. */
  cut(name: string): void {
    this.#cut.add(name);
    for (const { client } of this.#named(name)) client.destroy();
  }

  /**
   * Drops what Redis says on these connections, which both ends believe to be alive, until `mend`.
   *
   * @returns what resolves when something was dropped
   */
  deafen(name: string): Promise<void> {
    return new Promise((resolve) => this.#deaf.set(name, resolve));
  }

  mend(name: string): void {
    this.#deaf.delete(name);
    this.#held.delete(name);
    this.#cut.delete(name);
    for (const { client } of this.#named(name)) client.resume();
  }

  async stop(): Promise<void> {
    for (const { client } of this.#links) client.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #named(name: string): Link[] {
    return [...this.#links].filter((link) => link.name === name);
  }

  #connect(client: Socket, host: string, port: number): void {
    const redis = createConnection({ host, port, noDelay: true });
    const link: Link = { client, redis, name: '' };
    this.#links.add(link);
    client.setNoDelay(true);
    client.on('data', (bytes) => this.#pass(link, bytes));
    redis.on('data', (bytes) => {
      const dropped = this.#deaf.get(link.name);
      if (dropped) dropped();
      else client.write(bytes);
    });
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      // An end that is cut reports that; the test knows.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#links.delete(link);
        other.destroy();
      });
    }
  }

  #pass(link: Link, bytes: Buffer): void {
    if (link.name === '') link.name = NAME.exec(bytes.toString('latin1'))?.[1] ?? '';
    if (this.#cut.has(link.name)) {
      link.client.destroy();
      return;
    }
    link.redis.write(bytes);
    if (this.#held.has(link.name)) link.client.pause();
  }
}
