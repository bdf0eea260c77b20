import { rootCertificates } from 'node:tls';
import { Cluster, Redis } from 'ioredis';
import { clusterConnector } from './cluster-subscription.ts';
import { useCipher } from './payload-cipher.ts';
import { keepPulse } from './pulse.ts';
import type { RedisSource, ServerOptions } from './redis-source.ts';
import { quickenStringMethods } from './string-methods.ts';

// ioredis is loaded by now.
quickenStringMethods();

const MAX_RECONNECT_DELAY_MS = 500;

const reconnectDelay = (attempt: number): number => Math.min(20 * 2 ** attempt, MAX_RECONNECT_DELAY_MS);

/**
 * A connection whose commands fail at once while Redis is away. For front doors: their callers are better
 * served by a prompt 503 than by waiting for a server that may not come back.
 */
export function connectFailFast(source: RedisSource, name: string): Redis {
  return watch(
    commandsTo(source, name, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 5_000 }),
    source,
    name,
  );
}

/** A connection whose commands wait until Redis is back. For workers: a result must not get lost. */
export function connectPatient(source: RedisSource, name: string): Redis {
  return watch(commandsTo(source, name, { maxRetriesPerRequest: null }), source, name);
}

/**
 * A connection to listen on; it waits until Redis is back, and then listens again.
 *
 * @param channel the one that it listens to, or the first of them
 */
export function connectSubscriber(source: RedisSource, name: string, channel: string): Redis {
  const { clusterNodes } = source;
  const temper = { maxRetriesPerRequest: null };
  if (!clusterNodes) return watch(commandsTo(source, name, temper), source, name);
  const options = optionsOf(source, name, temper);
  const Connector = clusterConnector(clusterNodes, options, channel);
  return watch(new Redis({ ...options, lazyConnect: true, Connector }), source, name);
}

interface Temper {
  readonly enableOfflineQueue?: boolean;
  readonly maxRetriesPerRequest: number | null;
  readonly commandTimeout?: number;
}

/** A Redis Cluster has the same commands, so that nobody else needs to know. */
function commandsTo(source: RedisSource, name: string, temper: Temper): Redis {
  const { clusterNodes } = source;
  const options = optionsOf(source, name, temper);
  if (!clusterNodes) return new Redis({ ...options, lazyConnect: true });
  const { retryStrategy: _, enableOfflineQueue = true, ...redisOptions } = options;
  const cluster = new Cluster([...clusterNodes], {
    redisOptions,
    enableOfflineQueue,
    lazyConnect: true,
    clusterRetryStrategy: reconnectDelay,
    // By its names in the certificate, not by the addresses that the nodes tell each other.
    ...(redisOptions.tls && { dnsLookup: (address, callback) => callback(null, address) }),
  });
  return cluster as unknown as Redis;
}

function optionsOf(source: RedisSource, name: string, temper: Temper): ServerOptions {
  const { url, sentinels, clusterNodes, ca } = source;
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const tls =
    protocol === 'rediss:' ? { ...(ca !== undefined && { ca: [ca, ...rootCertificates] }) } : undefined;
  return {
    ...temper,
    connectionName: `millrace:${name}`,
    retryStrategy: reconnectDelay,
    reconnectOnError: onDemotion,
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(tls && { tls }),
    ...(!clusterNodes && /^\/\d+$/.test(pathname) && { db: Number(pathname.slice(1)) }),
    ...(sentinels
      ? sentinelOptions(sentinels, tls)
      : { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || DEFAULT_PORT) }),
  };
}

const DEFAULT_PORT = 6379;

function sentinelOptions(
  { addresses, master, password }: NonNullable<RedisSource['sentinels']>,
  tls: ServerOptions['tls'],
): ServerOptions {
  return {
    sentinels: addresses.map((address) => ({ ...address })),
    name: master,
    sentinelRetryStrategy: reconnectDelay,
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

/** A master that became a replica keeps its connections: they lead to the wrong server now. The command is sent again. */
function onDemotion(error: Error): false | 2 {
  return error.message.startsWith('READONLY') ? 2 : false;
}

function watch(redis: Redis, { logger, cipher }: RedisSource, name: string): Redis {
  if (cipher) useCipher(redis, cipher);
  keepPulse(redis);
  let complained = false;
  redis.on('error', (error: Error) => {
    // One line for each outage: ioredis reports every failed attempt.
    if (!complained) logger.warn({ connection: name, reason: error.message }, 'Redis is away');
    complained = true;
  });
  redis.on('ready', () => {
    if (complained) logger.info({ connection: name }, 'Redis is back');
    complained = false;
  });
  return redis;
}

/** Resolves when the connection can be used; keeps trying as long as it takes. */
export async function whenReady(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return;
  const ready = new Promise<void>((resolve, reject) => {
    redis.once('ready', resolve);
    redis.once('end', () => reject(new Error('the Redis connection was closed')));
  });
  if (redis.status === 'wait') redis.connect().catch(ignoreFirstFailure);
  await ready;
}

/** The 'error' listener has said it and `retryStrategy` tries again. */
function ignoreFirstFailure(): void {
  return;
}

/** Ends a connection without waiting for a server that may be away. */
export function disconnect(redis: Redis): void {
  redis.disconnect();
}
