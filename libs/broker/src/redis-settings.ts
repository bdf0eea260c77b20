import type { Logger } from '@millrace/service';
import { z } from 'zod';
import { AesCipher, PAYLOAD_KEY } from './payload-cipher.ts';
import type { RedisAddress, RedisSource } from './redis-source.ts';

const DEFAULT_PORT = 6379;
const SENTINEL_PORT = 26379;

const addresses = z
  .array(z.string().regex(/^(\[[\da-fA-F:]+\]|[^\s:[\]/]+)(:\d{1,5})?$/, 'host or host:port'))
  .default([]);

/** Where Redis is, and how it is reached: settings that all programs share. */
export const REDIS_SETTINGS = {
  redisUrl: z.url({ protocol: /^rediss?$/ }),
  /** Sentinels that know which server is the master; of the URL then all but host and port counts. */
  redisSentinels: addresses,
  redisMasterName: z.string().min(1).default('mymaster'),
  redisSentinelPassword: z.string().default(''),
  /** Some nodes of a Redis Cluster; of the URL then all but host, port and database counts. */
  redisClusterNodes: addresses,
  /** Certificates, in PEM, of who may sign that of Redis, besides those that Node.js knows. */
  redisCa: z.string().default(''),
  /** Keys that seal arguments and results in Redis, each with its name; the first one seals, all of them open. */
  payloadKeys: z.array(z.string().regex(PAYLOAD_KEY, 'name:key, the key 32 bytes in Base64')).default([]),
};

const settings = z.object(REDIS_SETTINGS);

export type RedisSettings = z.output<typeof settings>;

/** @returns what is wrong with settings that contradict each other */
export function contradictionOf({
  redisSentinels,
  redisClusterNodes,
}: Pick<RedisSettings, 'redisSentinels' | 'redisClusterNodes'>): string | undefined {
  if (redisSentinels.length === 0 || redisClusterNodes.length === 0) return undefined;
  return 'not together with redisSentinels: a Redis Cluster sees to fail-over itself';
}

/** For `superRefine` of a schema with these settings. */
export function checkRedis(config: RedisSettings, context: z.RefinementCtx): void {
  const message = contradictionOf(config);
  if (message !== undefined) context.addIssue({ code: 'custom', path: ['redisClusterNodes'], message });
}

/** @param settings all but the URL may be missing */
export function redisSourceOf(
  { redisUrl: url, ...more }: Pick<RedisSettings, 'redisUrl'> & Partial<RedisSettings>,
  logger: Logger,
): RedisSource {
  const {
    redisSentinels = [],
    redisClusterNodes = [],
    redisMasterName,
    redisSentinelPassword,
    payloadKeys = [],
  } = more;
  return {
    url,
    logger,
    ...(payloadKeys.length > 0 && { cipher: new AesCipher(payloadKeys) }),
    ...(more.redisCa && { ca: more.redisCa }),
    ...(redisClusterNodes.length > 0 && {
      clusterNodes: redisClusterNodes.map((text) => addressOf(text, DEFAULT_PORT)),
    }),
    ...(redisSentinels.length > 0 && {
      sentinels: {
        addresses: redisSentinels.map((text) => addressOf(text, SENTINEL_PORT)),
        master: redisMasterName ?? 'mymaster',
        ...(redisSentinelPassword && { password: redisSentinelPassword }),
      },
    }),
  };
}

function addressOf(text: string, unless: number): RedisAddress {
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? unless : Number(port) };
}
