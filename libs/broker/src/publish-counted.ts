import { Cluster, type Redis } from 'ioredis';
import { Script } from './script.ts';

const publish = new Script('publish');

/**
 * Publishes on a channel that one process listens to, and tells whether it did. In a Redis Cluster the message goes
 * through the owner of the channel, to which its listener is connected; should the slot have moved since, it is heard
 * all the same, but counts as unheard.
 *
 * @returns how many heard it
 */
export async function publishCounted(redis: Redis, channel: string, message: string): Promise<number> {
  if (!isCluster(redis)) return redis.publish(channel, message);
  return Number(await publish.run(redis, [channel], [message]));
}

/** Whether these commands go to several nodes. */
export function isCluster(redis: unknown): boolean {
  return redis instanceof Cluster;
}
