import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis } from 'ioredis';
import type { RedisAddress, ServerOptions } from './redis-source.ts';

/** How long one node may take to tell who owns which slots, in milliseconds. */
const ASK_TIMEOUT_MS = 2_000;

/** What `CLUSTER SLOTS` tells of one range: first and last slot, then its nodes, the master first. */
type SlotRange = [
  first: number,
  last: number,
  master: [host: string, port: number, ...unknown[]],
  ...unknown[],
];

/**
 * The way of a subscription into a Redis Cluster. A message reaches the subscribers of all nodes, but only the node
 * that publishes it says how many heard it: so a subscriber connects to the owner of its channel, through which what is
 * published on it goes (see `publishCounted`). Looked for anew at every connect.
 *
 * @param nodes some nodes of the cluster; more are learnt
 * @param options by which its nodes are reached
 */
export function clusterConnector(nodes: readonly RedisAddress[], options: ServerOptions, channel: string) {
  const known = [...nodes];
  return class ClusterConnector extends AbstractConnector {
    constructor() {
      super(DISCONNECT_TIMEOUT_MS);
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      const owner = await ownerOf(channel, known, options);
      if (!this.connecting) throw new Error('Connection is closed.');
      const { host, port } = owner;
      const stream = options.tls
        ? connectTls({ host, port, ...options.tls })
        : createConnection({ host, port });
      this.stream = stream;
      return stream;
    }
  };
}

const DISCONNECT_TIMEOUT_MS = 2_000;

/** @throws Error when no node tells */
async function ownerOf(
  channel: string,
  known: RedisAddress[],
  options: ServerOptions,
): Promise<RedisAddress> {
  const failures: unknown[] = [];
  for (const node of [...known]) {
    try {
      const { slot, ranges } = await askFor(channel, node, options);
      learn(known, ranges, node);
      const range = ranges.find(([first, last]) => first <= slot && slot <= last);
      if (range) return addressOf(range[2], node);
      failures.push(new Error(`no node of the cluster owns slot ${slot}`));
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, 'connect ECLUSTER: no node of the Redis Cluster answers');
}

async function askFor(
  channel: string,
  { host, port }: RedisAddress,
  options: ServerOptions,
): Promise<{ readonly slot: number; readonly ranges: readonly SlotRange[] }> {
  const asked = { lazyConnect: true, retryStrategy: null, enableReadyCheck: false } as const;
  const limits = { connectTimeout: ASK_TIMEOUT_MS, commandTimeout: ASK_TIMEOUT_MS };
  const redis = new Redis({ ...options, ...asked, ...limits, host, port });
  // What goes wrong is told by the command.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const [slot, ranges] = await Promise.all([redis.cluster('KEYSLOT', channel), redis.cluster('SLOTS')]);
    return { slot, ranges: ranges as unknown as SlotRange[] };
  } finally {
    redis.disconnect();
  }
}

/** The nodes that were found come first from now on: those of the settings may be gone one day. */
function learn(known: RedisAddress[], ranges: readonly SlotRange[], asked: RedisAddress): void {
  const found = ranges.map((range) => addressOf(range[2], asked));
  const all = [...found, ...known];
  known.splice(0, known.length, ...new Map(all.map((one) => [`${one.host} ${one.port}`, one])).values());
}

/** A node that does not know its own name leaves it out. */
function addressOf([host, port]: SlotRange[2], asked: RedisAddress): RedisAddress {
  return { host: host || asked.host, port };
}
