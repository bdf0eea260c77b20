import type { Redis } from 'ioredis';

/** Scripts of BullMQ with which queued work is taken, kept and ended: what frees memory, or keeps what there is. */
const WORK = new Set([
  'moveToActive',
  'moveToFinished',
  'moveToDelayed',
  'extendLock',
  'extendLocks',
  'releaseLock',
  'moveStalledJobsToWait',
  'moveJobFromActiveToWait',
  'retryJob',
  'promote',
]);

/** After a write that only removes, Redis lets a script go on that is out of memory. */
const REMOVES_FIRST = "redis.call('DEL', KEYS[1] .. ':none')\n";

interface Defined {
  readonly lua: string;
  readonly numberOfKeys: number;
}

/**
 * Lets a worker go on while Redis is out of memory. Otherwise a queue that has filled it could never be worked off,
 * since taking a job off it is refused, too. Calls that are new are still refused.
 *
 * @param redis on which BullMQ has defined its scripts
 */
export function workWithoutMemory(redis: Redis): void {
  const { scriptsSet } = redis as unknown as { readonly scriptsSet: Readonly<Record<string, Defined>> };
  for (const [name, { lua, numberOfKeys }] of Object.entries(scriptsSet)) {
    const [script = ''] = name.split(':');
    if (!WORK.has(script) || lua.startsWith(REMOVES_FIRST)) continue;
    redis.defineCommand(name, { lua: REMOVES_FIRST + lua, numberOfKeys });
  }
}
