import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { Script } from './script.ts';

const exchangeLoad = new Script('exchange-load');

/** Length of the slices of time in which load is added up. */
export const SLICE_MS = 500;

/** Stands for more than one tenant. */
export const SEVERAL_TENANTS = '*';

/** What one front door tells of a pool. */
export interface LoadReport {
  /** Its calls that are on the queue or running. */
  readonly calls: number;
  /** The least of them since its last report. */
  readonly least: number;
  /** Calls that were answered since its last report. */
  readonly done: number;
  /** Whether further calls wait for their turn in its memory. */
  readonly waiting: boolean;
  /** Whose calls they are; `SEVERAL_TENANTS`, or empty without any. */
  readonly tenant: string;
}

/** The load of a pool in one slice of time, all front doors together. */
export interface SharedLoad {
  readonly slice: number;
  /** Calls that the others had on the queue or running. */
  readonly others: number;
  readonly least: number;
  readonly done: number;
  /** Front doors that had further calls waiting. */
  readonly waitingDoors: number;
  readonly severalTenants: boolean;
}

/** What one front door reported in which slice. */
interface Reported {
  readonly slice: number;
  readonly calls: number;
}

/**
 * Front doors tell each other how many calls they have in a pool, by one small script for each pool in use and
 * slice of time. It adds figures up, so it costs the same however many front doors there are.
 */
export class LoadExchange {
  readonly #redis: Redis;
  readonly #key: string;
  #last: Reported | undefined;
  #before: Reported | undefined;

  constructor(redis: Redis, keys: Keys, pool: string) {
    this.#redis = redis;
    this.#key = keys.poolLoad(pool);
  }

  /**
   * Reports, unless that was done in this slice already, and tells of the slice before.
   *
   * @returns also whether the report was taken
   */
  async exchange(report: LoadReport): Promise<SharedLoad & { readonly reported: boolean }> {
    const { calls, least, done, waiting, tenant } = report;
    const args = [SLICE_MS, this.#last?.slice ?? '', calls, least, done, waiting ? 1 : 0, tenant];
    const answer = (await exchangeLoad.run(this.#redis, [this.#key], args)) as number[];
    const [slice = 0, allCalls = 0, allLeast = 0, allDone = 0, waitingDoors = 0, several = 0] = answer;
    const reported = slice !== this.#last?.slice;
    if (reported) {
      this.#before = this.#last;
      this.#last = { slice, calls };
    }
    const own = this.#before?.slice === slice - 1 ? this.#before.calls : 0;
    return {
      reported,
      slice: slice - 1,
      others: Math.max(0, allCalls - own),
      least: allLeast,
      done: allDone,
      waitingDoors,
      severalTenants: several === 1,
    };
  }
}
