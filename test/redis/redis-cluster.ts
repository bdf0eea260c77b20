import { Redis } from 'ioredis';
import { RedisServer } from './redis-server.ts';

const SLOTS = 16_384;
const LOOK_MS = 50;
const PATIENCE_MS = 20_000;

const CLUSTER_ARGS = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];

/** A Redis Cluster of three masters, which share the slots. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(program?: string): Promise<RedisCluster> {
    const options = { args: CLUSTER_ARGS, ...(program !== undefined && { program }) };
    const nodes = await Promise.all([1, 2, 3].map(() => RedisServer.start(options)));
    const cluster = new RedisCluster(nodes);
    await cluster.#join();
    return cluster;
  }

  /** As `MILLRACE_REDIS_CLUSTER_NODES` takes it. */
  get addresses(): string {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  get url(): string {
    return this.nodes[0]?.url ?? '';
  }

  /** Moves the slot of a key to another node, with all that lies in it, as `redis-cli --cluster reshard` does. */
  async move(key: string): Promise<void> {
    const connections = this.#connect();
    try {
      const slot = Number(await connections[0]?.call('CLUSTER', 'KEYSLOT', key));
      const ids = await Promise.all(connections.map((redis) => redis.call('CLUSTER', 'MYID').then(String)));
      const owner = await ownerOf(connections, slot);
      const target = (owner + 1) % connections.length;
      const [from, to] = [connections[owner], connections[target]];
      if (!from || !to) throw new Error('there are too few nodes');
      await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[owner] ?? '');
      await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[target] ?? '');
      await moveKeys(from, this.nodes[target]?.port ?? 0, slot);
      for (const redis of [to, from, ...connections])
        await redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[target] ?? '');
    } finally {
      for (const redis of connections) redis.disconnect();
    }
  }

  /** Keys of all nodes by a pattern, each with how long it lives, in milliseconds; -1 for ever. */
  async keys(pattern: string): Promise<ReadonlyMap<string, number>> {
    const connections = this.#connect();
    try {
      const lists = await Promise.all(
        connections.map(async (redis) => {
          const keys = await redis.keys(pattern);
          return Promise.all(keys.map(async (key) => [key, await redis.pttl(key)] as const));
        }),
      );
      return new Map(lists.flat());
    } finally {
      for (const redis of connections) redis.disconnect();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  #connect(): Redis[] {
    return this.nodes.map(({ url }) => new Redis(url));
  }

  async #join(): Promise<void> {
    const connections = this.#connect();
    try {
      for (const [at, redis] of connections.entries()) {
        const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
        await redis.call('CLUSTER', 'ADDSLOTS', ...slots.filter((slot) => slot % connections.length === at));
        await redis.call('CLUSTER', 'MEET', '127.0.0.1', String(this.nodes[0]?.port));
      }
      const deadline = Date.now() + PATIENCE_MS;
      while (!(await allKnowAll(connections))) {
        if (Date.now() > deadline) throw new Error('the nodes did not find each other');
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    } finally {
      for (const redis of connections) redis.disconnect();
    }
  }
}

async function allKnowAll(connections: readonly Redis[]): Promise<boolean> {
  const infos = await Promise.all(connections.map((redis) => redis.call('CLUSTER', 'INFO').then(String)));
  return infos.every(
    (info) => info.includes('cluster_state:ok') && info.includes(`cluster_size:${connections.length}`),
  );
}

async function ownerOf(connections: readonly Redis[], slot: number): Promise<number> {
  for (const [at, redis] of connections.entries()) {
    const own = (await redis.call('CLUSTER', 'NODES')) as string;
    const [, ranges = ''] = /myself,\S+ \S+ \S+ \S+ \S+ \S+ ?(.*)$/m.exec(own) ?? [];
    const owns = ranges.split(' ').some((range) => {
      const [first = NaN, last = first] = range.split('-').map(Number);
      return first <= slot && slot <= last;
    });
    if (owns) return at;
  }
  throw new Error(`nobody owns slot ${slot}`);
}

async function moveKeys(from: Redis, toPort: number, slot: number): Promise<void> {
  for (;;) {
    const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    if (keys.length === 0) return;
    await from.call('MIGRATE', '127.0.0.1', toPort, '', 0, 5_000, 'KEYS', ...keys);
  }
}
