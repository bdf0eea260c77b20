import type { SealCalls } from '@millrace/protocol';
import type { Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { DeadLetters } from './dead-letters.ts';
import { readableEnvelopes } from './envelope-versions.ts';
import { type Fleet, readFleet } from './fleet.ts';
import type { Keys } from './keys.ts';
import { Orders } from './orders.ts';
import { PoolControl } from './pool-control.ts';
import { connectFailFast, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import { type ScalingDemand, ScalingReader } from './scaling-reader.ts';
import { type CatalogueTimes, DEFAULT_CATALOGUE_TIMES } from './worker-record.ts';

export interface OperationsOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly times?: CatalogueTimes;
  /** Proves to workers who made a call that is replayed; absent where they do not ask. */
  readonly seal?: SealCalls | undefined;
}

/** How a pool stands. */
export interface PoolStanding {
  readonly pool: string;
  /** Slots of its live workers that take work. */
  readonly slots: number;
  readonly workers: number;
  /** `draining` counts before `paused`. */
  readonly state: 'open' | 'paused' | 'draining';
  readonly waiting: number;
  readonly active: number;
  readonly deadLetters: number;
}

/** How long a waiting call may wait counts for autoscalers only; the figures of pools are the plain ones. */
const TARGET_WAIT_MS = 1_000;

/** What operators look at and do, by command line and admin API: pools, workers, dead letters. */
export class Operations implements Service {
  readonly letters: DeadLetters;
  readonly pools: PoolControl;
  readonly orders: Orders;
  readonly #options: OperationsOptions;
  readonly #redis: Redis;
  readonly #scaling: ScalingReader;

  constructor(options: OperationsOptions) {
    const { source, keys } = options;
    this.#options = options;
    this.#redis = connectFailFast(source, 'operations');
    this.#scaling = new ScalingReader({ source, keys });
    this.letters = new DeadLetters(this.#redis, keys);
    this.pools = new PoolControl(this.#redis, keys);
    this.orders = new Orders(this.#redis, keys);
  }

  async start(): Promise<void> {
    await Promise.all([whenReady(this.#redis), this.#scaling.start()]);
  }

  async stop(): Promise<void> {
    disconnect(this.#redis);
    await this.#scaling.stop();
  }

  fleet(): Promise<Fleet> {
    const { keys, times = DEFAULT_CATALOGUE_TIMES } = this.#options;
    return readFleet(this.#redis, keys, times);
  }

  /** Pools that a live worker serves, or that are being drained. */
  async standings(): Promise<PoolStanding[]> {
    const fleet = await this.fleet();
    const own = new Set(fleet.workers.map(({ id }) => id));
    const served = fleet.workers.flatMap(({ pools }) => pools).filter((pool) => !own.has(pool));
    const pools = [...new Set([...served, ...fleet.drainedPools])].sort();
    return Promise.all(pools.map((pool) => this.#standing(pool, fleet)));
  }

  async standing(pool: string): Promise<PoolStanding> {
    return this.#standing(pool, await this.fleet());
  }

  /** @returns the id of the new call; undefined when there is no such letter, or somebody replays it at this moment */
  async replay(pool: string, id: string, timeoutMs: number): Promise<string | undefined> {
    const version = readableEnvelopes((await this.fleet()).workers).get(pool);
    const { seal } = this.#options;
    return this.letters.replay(pool, id, { timeoutMs, seal, ...(version !== undefined && { version }) });
  }

  async #standing(pool: string, { workers, drainedPools }: Fleet): Promise<PoolStanding> {
    const own = workers.filter(({ pools }) => pools.includes(pool));
    const [demand, deadLetters] = await Promise.all([
      this.#scaling.read(pool, TARGET_WAIT_MS),
      this.letters.count(pool),
    ]);
    const { waiting, active } = demand;
    return {
      pool,
      slots: own.reduce((total, { slots }) => total + slots, 0),
      workers: own.length,
      state: stateOf(demand, drainedPools),
      waiting,
      active,
      deadLetters,
    };
  }
}

function stateOf({ pool, paused }: ScalingDemand, drained: ReadonlySet<string>): PoolStanding['state'] {
  if (drained.has(pool)) return 'draining';
  return paused ? 'paused' : 'open';
}
