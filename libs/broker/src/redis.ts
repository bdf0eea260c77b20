import type { Logger } from '@millrace/service';
import { Redis } from 'ioredis';

export interface RedisSource {
  /** `redis://` or `rediss://` URL. */
  readonly url: string;
  readonly logger: Logger;
}

const MAX_RECONNECT_DELAY_MS = 500;

const reconnectDelay = (attempt: number): number => Math.min(20 * 2 ** attempt, MAX_RECONNECT_DELAY_MS);

/**
 * A connection whose commands fail at once while Redis is away. For front doors: their callers are better
 * served by a prompt 503 than by waiting for a server that may not come back.
 */
export function connectFailFast(source: RedisSource, name: string): Redis {
  return connect(source, name, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 5_000 });
}

/** A connection whose commands wait until Redis is back. For workers: a result must not get lost. */
export function connectPatient(source: RedisSource, name: string): Redis {
  return connect(source, name, { maxRetriesPerRequest: null });
}

interface Temper {
  readonly enableOfflineQueue?: boolean;
  readonly maxRetriesPerRequest: number | null;
  readonly commandTimeout?: number;
}

function connect({ url, logger }: RedisSource, name: string, temper: Temper): Redis {
  const redis = new Redis(url, {
    ...temper,
    connectionName: `millrace:${name}`,
    lazyConnect: true,
    retryStrategy: reconnectDelay,
  });
  let complained = false;
  redis.on('error', (error: Error) => {
    // One line for each outage: ioredis reports every failed attempt.
    if (!complained) logger.warn({ connection: name, err: error.message }, 'Redis is away');
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

/** Messages of ioredis for commands that did not reach Redis, or whose answer did not come back. */
const AWAY =
  /^(Connection is closed|Stream isn't writeable|Command timed out|Reached the max retries|read ECONN|connect E)/;

/** Whether a command failed because Redis cannot be reached, and not because of what it said. */
export function redisIsAway(error: unknown): boolean {
  return error instanceof Error && (error.name === 'MaxRetriesPerRequestError' || AWAY.test(error.message));
}
