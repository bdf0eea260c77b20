import type { ServiceTimes } from './service-times.ts';
import type { Traffic } from './traffic.ts';
import type { WaitRecord } from './wait-record.ts';

export interface StationOptions {
  readonly traffic: Traffic;
  readonly service: ServiceTimes;
  /** Calls per second that Redis passes on: those of one shard times the shards. */
  readonly redisRate: number;
  readonly seed: number;
}

/** The queue of a pool with its slots, wherever time stands. Times are milliseconds from the start. */
export interface Station {
  readonly active: number;
  readonly waiting: number;
  readonly oldestWaitMs: number;
  readonly waits: WaitRecord;
  /** Sets how many calls may run; those that run already go on, also where there are more. */
  setSlots(slots: number): void;
  /** Lets time go by: calls arrive, start and end. */
  advance(toMs: number): void;
}
