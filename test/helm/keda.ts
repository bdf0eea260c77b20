import { Redis } from 'ioredis';
import { connectRedis, type TestRedis } from '../support/leftovers.ts';
import type { Tree } from './chart.ts';

/** Where the names of the cluster are on this machine. */
export interface Surroundings {
  /** Host and port for those of a URL in the cluster. */
  readonly resolve: (host: string) => string;
}

export interface Decision {
  /** By the name of the trigger; undefined when it could not be read. */
  readonly values: Readonly<Record<string, number | undefined>>;
  /** Whether there is enough to do for the first replica. */
  readonly active: boolean;
  /** What the HPA asks for, before its bounds; undefined when nothing could be read. */
  readonly wanted: number | undefined;
  readonly replicas: number;
}

/**
 * Does with a ScaledObject what KEDA and the HPA do: reads each trigger as its scaler would (`metrics-api`: GET and the
 * number at `valueLocation`; `redis`, `redis-sentinel`: the length of the list or sorted set), composes the formula if there is one, and
 * divides by the target for one replica. Sources: keda.sh/docs/2.21, scalers and ScaledObject specification.
 */
export async function decide(spec: Tree, surroundings: Surroundings): Promise<Decision> {
  const entries = await Promise.all(
    spec.triggers.map(async (trigger: Tree) => [trigger.name, await read(trigger, surroundings)] as const),
  );
  const values = Object.fromEntries(entries);
  const wanted = spec.advanced.scalingModifiers
    ? composed(spec.advanced.scalingModifiers, values)
    : highest(spec.triggers, values);
  const active = isActive(spec, values);
  // KEDA takes the last replica away, or brings the first one; in between the HPA decides, which knows no zero.
  const least = Math.max(1, spec.minReplicaCount);
  const bounded = Math.min(spec.maxReplicaCount, Math.max(least, wanted ?? spec.fallback.replicas));
  return { values, active, wanted, replicas: active ? bounded : spec.minReplicaCount };
}

type Scaler = (metadata: Tree, resolve: Surroundings['resolve']) => Promise<number>;

/** By the type of the trigger. */
const SCALERS: Readonly<Record<string, Scaler>> = {
  'metrics-api': value,
  redis: async (metadata) => length(await plainRedis(metadata), metadata),
  'redis-sentinel': async (metadata) => length(masterOf(metadata), metadata),
};

async function read({ type, metadata }: Tree, { resolve }: Surroundings): Promise<number | undefined> {
  const scaler = SCALERS[type];
  if (!scaler) throw new Error(`nobody knows here how KEDA reads a trigger of type ${type}`);
  try {
    return await scaler(metadata, resolve);
  } catch {
    // A scaler that fails gives no figure; what that leads to is what the tests look at.
    return undefined;
  }
}

async function value({ url, valueLocation }: Tree, resolve: Surroundings['resolve']): Promise<number> {
  const there = new URL(url);
  there.host = resolve(there.host);
  const response = await fetch(there);
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  const found = valueLocation
    .split('.')
    .reduce((tree: Tree, field: string) => tree?.[field], await response.json());
  if (typeof found !== 'number') throw new Error(`${valueLocation} is no number`);
  return found;
}

function plainRedis({ address, databaseIndex, enableTLS }: Tree): Promise<TestRedis> {
  return connectRedis(`${enableTLS === 'true' ? 'rediss' : 'redis'}://${address}/${databaseIndex}`);
}

/** Asks the Sentinels for the server that takes writes now. */
function masterOf({ addresses, sentinelMaster, databaseIndex, enableTLS }: Tree): Redis {
  const sentinels = addresses.split(',').map((address: string) => {
    const [host = '', port] = address.split(':');
    return { host, port: Number(port) };
  });
  const tls = enableTLS === 'true' && { tls: {}, enableTLSForSentinelMode: true };
  return new Redis({ sentinels, name: sentinelMaster, db: Number(databaseIndex), ...tls });
}

/** KEDA asks for the type of the key first, and counts what there is none of as 0. */
async function length(redis: TestRedis | Redis, { listName }: Tree): Promise<number> {
  try {
    const type = await redis.type(listName);
    return type === 'zset' ? await redis.zcard(listName) : await redis.llen(listName);
  } finally {
    redis.disconnect();
  }
}

function highest(triggers: Tree[], values: Decision['values']): number | undefined {
  const wanted = triggers
    .map(({ name, metadata }) => share(values[name], metadata.targetValue ?? metadata.listLength))
    .filter((one) => one !== undefined);
  return wanted.length === 0 ? undefined : Math.max(...wanted);
}

/** The formula's own language has `??`, `+` and brackets as JavaScript has them. */
function composed({ formula, target }: Tree, values: Decision['values']): number | undefined {
  const names = Object.keys(values);
  const compose = new Function(...names, `return ${formula}`);
  const result: number = compose(...names.map((name) => values[name]));
  return Number.isNaN(result) ? undefined : share(result, target);
}

function share(value: number | undefined, target: string): number | undefined {
  return value === undefined ? undefined : Math.ceil(value / Number(target));
}

/** KEDA wants more than the activation value, of any trigger. */
function isActive({ triggers }: Tree, values: Decision['values']): boolean {
  return triggers.some(({ name, metadata }: Tree) => {
    const activation = metadata.activationTargetValue ?? metadata.activationListLength ?? '0';
    return (values[name] ?? 0) > Number(activation);
  });
}
