import type { Logger } from '@millrace/service';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** Removes the queue of a pool with all that is in it: the pool was one worker's own, and that is gone. Never rejects. */
export async function removeQueue(redis: Redis, keys: Keys, pool: string, logger: Logger): Promise<void> {
  const queue = new Queue(keys.queue(pool), {
    connection: redis,
    prefix: keys.prefix,
    skipWaitingForReady: true,
    skipVersionCheck: true,
    skipMetasUpdate: true,
  });
  queue.on('error', () => undefined);
  try {
    await queue.obliterate({ force: true });
    await queue.close();
  } catch (error) {
    // Another front door does the same at the same time, or Redis is away, and the queue is left behind.
    logger.debug({ err: error, pool }, 'the queue of a lost worker was not removed');
  }
}
