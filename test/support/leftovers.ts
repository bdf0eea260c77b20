import { connectPatient, disconnect, whenReady } from '@millrace/broker';
import { createLogger } from '@millrace/service';

const SILENT = createLogger({ name: 'test', level: 'silent' });

export type TestRedis = ReturnType<typeof connectPatient>;

/** A connection for a test that looks into Redis. The caller disconnects it. */
export async function connectRedis(url: string): Promise<TestRedis> {
  const redis = connectPatient({ url, logger: SILENT }, 'test');
  await whenReady(redis);
  return redis;
}

/** Names of the keys below a prefix that neither expire nor are a queue or a registry. */
export async function findLeftovers(url: string, prefix: string): Promise<string[]> {
  const redis = await connectRedis(url);
  try {
    const keys = (await redis.keys(`${prefix}:*`)).filter((key) => !mayStay(key.slice(prefix.length + 1)));
    const ttls = await Promise.all(keys.map((key) => redis.pttl(key)));
    return keys.filter((_, at) => ttls[at] === NO_TTL);
  } finally {
    disconnect(redis);
  }
}

/** What `PTTL` says of a key that never expires. */
const NO_TTL = -1;

/** Names that do not expire. */
const REGISTRIES = new Set([
  '{@fleet}:workers',
  '{@fleet}:offers',
  '{@fleet}:orders',
  '{@api-keys}:records',
  '{@api-keys}:used',
  '{@audit}:lines',
  '{@audit}:heads',
]);

/** What happened is kept for good. */
const HISTORIES = /^(aggregate|snapshot):/;

/** Whether a key below the prefix may live for ever. */
export function mayStay(name: string): boolean {
  return REGISTRIES.has(name) || HISTORIES.test(name) || /^\{[\w.-]+\}:/.test(name);
}
