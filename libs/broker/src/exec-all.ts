import type { Redis } from 'ioredis';
import { isCluster } from './publish-counted.ts';

/** A command that stands for itself; its key comes first. */
export type KeyedCommand = readonly [command: string, key: string, ...args: (string | number)[]];

/**
 * Sends commands together. Their keys may lie anywhere: in a Redis Cluster each goes to its own node.
 *
 * @returns the answers in the same order. Rejects with the first error
 */
export async function execAll(redis: Redis, commands: readonly KeyedCommand[]): Promise<unknown[]> {
  const answers = isCluster(redis)
    ? (await Promise.all(commands.map((command) => redis.pipeline([[...command]]).exec()))).flat()
    : await redis.pipeline(commands.map((command) => [...command])).exec();
  return (answers ?? []).map((answer) => {
    const [error, value] = answer ?? [new Error('Connection is closed.'), undefined];
    if (error) throw error;
    return value;
  });
}
