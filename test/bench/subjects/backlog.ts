/** The broker's way onto a queue that nobody empties. */
import { Keys } from '@millrace/broker';
import { Redis } from 'ioredis';
import { PoolQueue } from '../../../libs/broker/src/pool-queue.ts';
import { childConfig, serveParent } from '../bench-child.ts';
import { echoCall } from '../echo-call.ts';
import { numbers } from '../mcp-request.ts';
import { median } from '../recorder.ts';

export interface Backlog {
  /** Calls that wait in the one pool; none do in the other. */
  readonly waiting: number;
}

/** Where the calls are queued. */
export interface BacklogPlace {
  readonly redisUrl: string;
  readonly prefix: string;
  /** The pool that has the waiting calls. */
  readonly pool: string;
}

/** Median time to put one call on the queue, in milliseconds. */
export interface EnqueueTimes {
  readonly emptyMs: number;
  readonly waitingMs: number;
}

const BLOCKS = 20;
const CALLS_PER_BLOCK = 250;
/** Added at once to build the backlog; each call is a job of its own, the most that a queue can have to bear. */
const BUILD_AT_ONCE = 500;

const { redisUrl, prefix, pool: fullPool } = childConfig<BacklogPlace>();
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
const keys = new Keys(prefix);
const nextNumber = numbers();
const poolQueue = (pool: string) => new PoolQueue(redis, keys, pool, 'bench');

await serveParent(async ({ waiting }: Backlog): Promise<EnqueueTimes> => {
  const full = poolQueue(fullPool);
  for (let built = 0; built < waiting; built += BUILD_AT_ONCE) {
    await Promise.all(Array.from({ length: BUILD_AT_ONCE }, () => enqueue(full)));
  }
  const emptyTimes: number[] = [];
  const fullTimes: number[] = [];
  await timeBlock(poolQueue('warm-up'));
  for (let block = 0; block < BLOCKS; block += 1) {
    emptyTimes.push(...(await timeBlock(poolQueue(`empty-${block}`))));
    fullTimes.push(...(await timeBlock(full)));
  }
  return { emptyMs: median(emptyTimes), waitingMs: median(fullTimes) };
});

async function timeBlock(queue: PoolQueue): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < CALLS_PER_BLOCK; call += 1) {
    const begun = performance.now();
    await enqueue(queue);
    times.push(performance.now() - begun);
  }
  return times;
}

function enqueue(queue: PoolQueue): Promise<unknown> {
  return queue.add([echoCall(nextNumber())]);
}
