import type { CatalogueTimes, RedisSettings } from '@millrace/broker';
import type { LimitSettings } from './limit-settings.ts';
import type { SharingSettings } from './sharing-settings.ts';
import type { TaskSettings } from './tasks.ts';

/** Settings of everything between a transport and the broker, all times in milliseconds. */
export interface ClusterSettings
  extends Pick<RedisSettings, 'redisUrl'>,
    Partial<Omit<RedisSettings, 'redisUrl'>>,
    CatalogueTimes,
    TaskSettings,
    LimitSettings,
    Partial<SharingSettings> {
  /** What all names in Redis begin with. */
  readonly prefix: string;
  readonly callTimeoutMs: number;
  /** Entries on one page of a list. */
  readonly pageSize: number;
  readonly sessionIdleMs: number;
  readonly maxListenStreams: number;
  readonly envelopeVersion: number;
  readonly serverName: string;
  readonly instructions?: string | undefined;
  /** Pools whose calls wait for a worker to come when there is none; of all others they are refused then. */
  readonly sleepingPools?: readonly string[];
}
