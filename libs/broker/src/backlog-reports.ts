import type { Clock, Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { Script } from './script.ts';

const reportBacklog = new Script('report-backlog');

/** Often enough for an autoscaler, which looks every few seconds. */
const INTERVAL_MS = 1_000;

/** How long a report counts when no other follows it, in milliseconds. */
export const BACKLOG_TTL_MS = 5_000;

export interface BacklogReportsOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Id of this front door. */
  readonly frontDoor: string;
  /** Calls that wait in its memory for their turn, by pool, and since when the oldest does, in epoch milliseconds. */
  readonly waiting: () => Iterable<readonly [pool: string, calls: number, since: number]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells Redis how many calls wait in this front door, for who counts what there is to do; nothing while none does. */
export class BacklogReports implements Service {
  readonly #options: BacklogReportsOptions;
  /** Pools of which Redis was told. */
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BacklogReportsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#timer ??= setInterval(() => void this.tell(), INTERVAL_MS);
  }

  /** The calls are answered by now, and the reports expire. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Reports at once. Never rejects. */
  async tell(): Promise<void> {
    const { redis, waiting, logger } = this.#options;
    if (redis.status !== 'ready') return;
    const reports = [...waiting()].filter(([pool, calls]) => calls > 0 || this.#told.has(pool));
    try {
      await Promise.all(reports.map(([pool, calls, since]) => this.#report(pool, calls, since)));
    } catch (error) {
      logger.debug({ err: error }, 'the calls that wait here were not reported');
    }
  }

  async #report(pool: string, calls: number, since: number): Promise<void> {
    const { redis, keys, frontDoor, clock } = this.#options;
    if (calls > 0) this.#told.add(pool);
    else this.#told.delete(pool);
    const waitedMs = Math.max(0, clock.now() - since);
    await reportBacklog.run(redis, [keys.backlog(pool)], [frontDoor, calls, waitedMs, BACKLOG_TTL_MS]);
  }
}
