import { Redis } from 'ioredis';
import { RedisServer } from './redis-server.ts';

const MASTER = 'millrace-test';
const SENTINELS = 3;
const QUORUM = 2;
const LOOK_MS = 50;
const PATIENCE_MS = 20_000;

/** A master, a replica, and Sentinels that make the replica the master when the master is gone. */
export class WatchedRedis {
  #master: RedisServer;
  #replica: RedisServer;
  readonly #sentinels: readonly RedisServer[];

  private constructor(master: RedisServer, replica: RedisServer, sentinels: readonly RedisServer[]) {
    this.#master = master;
    this.#replica = replica;
    this.#sentinels = sentinels;
  }

  static async start(): Promise<WatchedRedis> {
    const master = await RedisServer.start();
    const follow = ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0'];
    const replica = await RedisServer.start({ args: follow });
    const sentinel = [
      `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} ${QUORUM}`,
      `sentinel down-after-milliseconds ${MASTER} 600`,
      `sentinel failover-timeout ${MASTER} 3000`,
    ];
    const sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, () => RedisServer.start({ sentinel })),
    );
    const watched = new WatchedRedis(master, replica, sentinels);
    await watched.#ready();
    return watched;
  }

  /** Settings of programs that use it. */
  get env(): Readonly<Record<string, string>> {
    return {
      // Its host and port do not count.
      REDIS_URL: 'redis://sentinels-know-better:1',
      MILLRACE_REDIS_SENTINELS: this.#sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
      MILLRACE_REDIS_MASTER_NAME: MASTER,
    };
  }

  /** The server that takes writes now. */
  get url(): string {
    return this.#master.url;
  }

  /** Kills the master. Resolves when the replica is the master. */
  async failOver(): Promise<void> {
    const { port } = this.#replica;
    await this.#master.kill();
    await until(async () => (await this.#masterPorts()).every((one) => one === port));
    await until(async () => (await infoOf(this.#replica, 'replication')).includes('role:master'));
    [this.#master, this.#replica] = [this.#replica, this.#master];
  }

  /** Brings back the server that was killed: the Sentinels make it a replica. */
  async bringBack(): Promise<void> {
    await this.#replica.restart();
    await until(async () => (await infoOf(this.#master, 'replication')).includes('state=online'));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sentinels, this.#master, this.#replica].map((server) => server.stop()));
  }

  async #ready(): Promise<void> {
    await until(async () => (await infoOf(this.#master, 'replication')).includes('state=online'));
    await until(async () => {
      const infos = await Promise.all(this.#sentinels.map((one) => infoOf(one, 'sentinel')));
      return infos.every(
        (info) => info.includes(`status=ok,`) && info.includes(`slaves=1,sentinels=${SENTINELS}`),
      );
    });
  }

  #masterPorts(): Promise<number[]> {
    return Promise.all(
      this.#sentinels.map(async (one) => {
        const [, port] = (await ask(one, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER)) as [string, string];
        return Number(port);
      }),
    );
  }
}

async function infoOf(server: RedisServer, section: string): Promise<string> {
  return String(await ask(server, 'INFO', section));
}

async function ask(server: RedisServer, command: string, ...args: string[]): Promise<unknown> {
  const redis = new Redis(server.url);
  try {
    return await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}

async function until(test: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error('the Sentinels did not come to an agreement');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
