import type { Logger } from '@millrace/service';
import { Cluster, type Redis } from 'ioredis';

const RIGHT = 'noeviction';

/**
 * Warns when Redis may throw away what it has, now and whenever it is connected anew: it may be another server then.
 *
 * @param redis which is ready
 */
export function watchEviction(redis: Redis, logger: Logger): void {
  const look = () => void warn(redis, logger);
  redis.on('ready', look);
  look();
}

async function warn(redis: Redis, logger: Logger): Promise<void> {
  try {
    const policies = await Promise.all(serversOf(redis).map(policyOf));
    const wrong = policies.find((policy) => policy !== undefined && policy !== RIGHT);
    if (wrong === undefined) return;
    logger.error(
      { policy: wrong, expected: RIGHT },
      `WRONG EVICTION POLICY: Redis may throw away queues, sessions and tasks when its memory is full: set maxmemory-policy to ${RIGHT}`,
    );
  } catch (error) {
    logger.debug({ err: error }, 'the eviction policy of Redis is not known');
  }
}

function serversOf(redis: Redis): Redis[] {
  const connection: unknown = redis;
  return connection instanceof Cluster ? (connection.nodes('master') as Redis[]) : [redis];
}

async function policyOf(redis: Redis): Promise<string | undefined> {
  return /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
}
