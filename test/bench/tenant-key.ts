import { ApiKeyTable, connectPatient, disconnect, Keys, whenReady } from '@millrace/broker';
import { ClusterKeys, createApiKey } from '@millrace/security';
import { createLogger } from '@millrace/service';

const ENVELOPE_KEY = 'an envelope key that only the bench has';

/** Turns API keys on for a cluster. */
export const WITH_API_KEYS = { MILLRACE_AUTH: 'api-key', MILLRACE_ENVELOPE_KEY: ENVELOPE_KEY };

/** Makes an API key of a tenant. @returns the headers that its bearer sends */
export async function tenantKey(
  redisUrl: string,
  prefix: string,
  tenant: string,
): Promise<Record<string, string>> {
  const wish = { name: tenant, tenant, roles: ['execute:tools'] };
  const { key, record } = createApiKey(wish, new ClusterKeys(ENVELOPE_KEY), Date.now());
  const logger = createLogger({ name: 'bench', level: 'warn' });
  const redis = connectPatient({ url: redisUrl, logger }, 'bench-keys');
  await whenReady(redis);
  await new ApiKeyTable(redis, new Keys(prefix)).put(record.id, JSON.stringify(record));
  disconnect(redis);
  return { Authorization: `Bearer ${key}` };
}
