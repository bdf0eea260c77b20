import type { Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { BACKLOG_TTL_MS } from './backlog-reports.ts';
import type { Keys } from './keys.ts';
import { connectFailFast, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import { demandOf } from './scaling-demand.ts';
import { Script } from './script.ts';

const poolDemand = new Script('pool-demand');

/** Jobs of each list that are looked at; what more there is counts as these do on average. */
const LOOKED_AT = 200;

/** What a pool needs workers for, in calls. */
export interface ScalingDemand {
  readonly pool: string;
  /** Active and waiting calls, the waiting ones weighted; of a paused pool only the active ones. */
  readonly demand: number;
  readonly active: number;
  readonly waiting: number;
  /** What a waiting call counts: 1 up to the target, then its age over the target, up to 10. */
  readonly weight: number;
  /** How long the oldest waiting call has waited, in milliseconds. */
  readonly oldestWaitMs: number;
  readonly paused: boolean;
  /** Whether some jobs of a long queue stood for all. */
  readonly estimated: boolean;
}

export interface ScalingReaderOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
}

/** Tells an autoscaler how much there is to do, from one read of Redis that costs the same however long a queue is. */
export class ScalingReader implements Service {
  readonly #keys: Keys;
  readonly #redis: Redis;

  constructor({ source, keys }: ScalingReaderOptions) {
    this.#keys = keys;
    this.#redis = connectFailFast(source, 'scaling');
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
  }

  async stop(): Promise<void> {
    disconnect(this.#redis);
  }

  /**
   * @param targetWaitMs how long a call of this pool may wait
   * @throws when Redis cannot be reached
   */
  async read(pool: string, targetWaitMs: number): Promise<ScalingDemand> {
    const key = (part: string) => this.#keys.queuePart(pool, part);
    const lists = ['wait', 'active', 'prioritized', 'delayed', 'meta'].map(key);
    const args = [key(''), this.#keys.finishedIn(pool), LOOKED_AT, BACKLOG_TTL_MS];
    const answer = await poolDemand.run(this.#redis, [...lists, this.#keys.backlog(pool)], args);
    const [waiting, active, oldestWaitMs, paused, estimated] = answer as [
      number,
      number,
      number,
      number,
      number,
    ];
    const work = { active, waiting, oldestWaitMs, paused: paused === 1 };
    return { pool, ...demandOf(work, targetWaitMs), ...work, estimated: estimated === 1 };
  }
}
