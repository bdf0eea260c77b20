import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import type { CatalogueTimes } from './worker-record.ts';

export interface FrontDoorWatchOptions {
  /** The worker's connection. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly times: CatalogueTimes;
  /** Ids of the front doors whose calls run here now. */
  readonly frontDoors: () => Iterable<string>;
  /** Told of each front door that was seen here and is gone, as long as calls of it run. */
  readonly onLost: (frontDoor: string) => void;
  readonly logger: Logger;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** What is known of one front door: since when it is missing, if it is. */
interface Seen {
  missingSince: number | undefined;
}

/**
 * Notices in a worker when a front door died whose calls it runs. One that never said that it is alive is not judged:
 * it may be of an older release. One that falls silent has as long again to come back, because a Redis that was
 * restarted may have forgotten it.
 */
export class FrontDoorWatch implements Service {
  readonly #options: FrontDoorWatchOptions;
  readonly #now: () => number;
  #seen = new Map<string, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(options: FrontDoorWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#tick(), this.#options.times.heartbeatMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks once. Rejects when Redis says no. */
  async look(): Promise<void> {
    const ids = [...new Set(this.#options.frontDoors())];
    if (ids.length === 0) {
      this.#seen.clear();
      return;
    }
    const alive = await this.#alive(ids);
    const seen = new Map<string, Seen>();
    for (const id of ids) {
      const before = this.#seen.get(id);
      if (alive.has(id)) seen.set(id, { missingSince: undefined });
      else if (before) seen.set(id, this.#miss(id, before));
    }
    this.#seen = seen;
  }

  #miss(id: string, before: Seen): Seen {
    const missingSince = before.missingSince ?? this.#now();
    if (this.#now() - missingSince >= this.#options.times.workerTtlMs) this.#options.onLost(id);
    return { missingSince };
  }

  async #alive(ids: readonly string[]): Promise<Set<string>> {
    const { redis, keys } = this.#options;
    const answers = await Promise.all(ids.map((id) => redis.exists(keys.frontDoor(id))));
    return new Set(ids.filter((_, at) => answers[at] === 1));
  }

  async #tick(): Promise<void> {
    const { redis, logger } = this.#options;
    // What is missed while Redis is away says nothing.
    if (redis.status !== 'ready') for (const one of this.#seen.values()) one.missingSince = undefined;
    if (this.#looking || redis.status !== 'ready') return;
    this.#looking = true;
    try {
      await this.look();
    } catch (error) {
      logger.warn({ err: error }, 'front doors could not be looked for');
    } finally {
      this.#looking = false;
    }
  }
}
