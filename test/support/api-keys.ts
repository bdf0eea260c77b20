import { ApiKeyTable, disconnect, Keys } from '@millrace/broker';
import { type ApiKeyRecord, ClusterKeys, createApiKey, type NewApiKey } from '@millrace/security';
import type { Cluster } from './cluster.ts';
import { connectRedis } from './leftovers.ts';
import type { WireRequest } from './wire.ts';

/** The secret that signs envelopes and records in tests. */
export const ENVELOPE_KEY = 'an envelope key that only tests have';

/** Turns API keys on for a cluster. */
export const WITH_API_KEYS = { MILLRACE_AUTH: 'api-key', MILLRACE_ENVELOPE_KEY: ENVELOPE_KEY };

const CLUSTER_KEYS = new ClusterKeys(ENVELOPE_KEY);

export interface TestKey {
  /** As its bearer shows it. */
  readonly key: string;
  readonly record: ApiKeyRecord;
  readonly headers: { readonly authorization: string };
}

/** Makes an API key as `millrace keys create` does. */
export async function makeKey(cluster: Cluster, wish: Partial<NewApiKey> = {}): Promise<TestKey> {
  const { key, record } = createApiKey(
    { name: 'test', tenant: 'default', roles: ['execute:tools', 'read:resources'], ...wish },
    CLUSTER_KEYS,
    Date.now(),
  );
  await withKeyTable(cluster, (table) => table.put(record.id, JSON.stringify(record)));
  return { key, record, headers: { authorization: `Bearer ${key}` } };
}

/** Looks into the API keys of a cluster, or changes them. */
export async function withKeyTable<T>(
  cluster: Cluster,
  work: (table: ApiKeyTable) => Promise<T>,
): Promise<T> {
  const redis = await connectRedis(cluster.redisUrl);
  try {
    return await work(new ApiKeyTable(redis, new Keys(cluster.prefix)));
  } finally {
    disconnect(redis);
  }
}

/** The request, made by the bearer of a key. */
export function as(
  bearer: { readonly headers: Readonly<Record<string, string>> },
  request: WireRequest,
): WireRequest {
  return { ...request, headers: { ...request.headers, ...bearer.headers } };
}
