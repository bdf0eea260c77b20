import {
  connectFailFast,
  disconnect,
  Flights,
  type FrameListeners,
  IdempotencyRecords,
  type Keys,
  type RedisSource,
  Replies,
  SharedCache,
  StoredReplies,
  whenReady,
} from '@millrace/broker';
import type { ServerInfo } from '@millrace/protocol';
import { MemoryCache } from '@millrace/resilience';
import type { Metrics, Service } from '@millrace/service';
import { CachePolicy } from './cache-policy.ts';
import { cacheRecheck } from './cache-recheck.ts';
import type { CallPolicySet } from './call-policies.ts';
import { DedupPolicy } from './dedup-policy.ts';
import { FlightTower } from './flight-tower.ts';
import { IdempotencyPolicy } from './idempotency-policy.ts';
import type { RequestId } from './inbound.ts';
import { DEFAULT_SHARING_SETTINGS, type SharingSettings } from './sharing-settings.ts';

export interface AnswerSharingOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** The defaults count for those that are not given. */
  readonly settings: Partial<SharingSettings>;
  /** Id of this front door. */
  readonly frontDoor: string;
  /** Newest version of the frames that it reads. */
  readonly envelope: number;
  readonly callTimeoutMs: number;
  /** Where frames of other front doors come in. */
  readonly listeners: FrameListeners;
  readonly serverInfo: ServerInfo;
  readonly metrics: Metrics;
  /** Whether this process hears of every invalidation at this moment. */
  readonly hears: () => boolean;
  /** Whether there is no other front door. */
  readonly alone: () => boolean;
}

/** The policies that give one call the answer of another: cache, deduplication, idempotency keys. */
export class AnswerSharing implements Service {
  readonly policies: CallPolicySet;
  readonly #redis: ReturnType<typeof connectFailFast>;
  readonly #cache: CachePolicy;
  readonly #dedup: DedupPolicy;
  readonly #tower: FlightTower;

  constructor(options: AnswerSharingOptions) {
    const { source, keys, metrics, hears } = options;
    const settings = { ...DEFAULT_SHARING_SETTINGS, ...options.settings };
    this.#redis = connectFailFast(source, 'sharing');
    this.#cache = new CachePolicy({
      memory: new MemoryCache({
        maxBytes: settings.cacheMaxBytes,
        maxEntries: settings.cacheMaxEntries,
        maxEntryBytes: settings.cacheMaxEntryBytes,
      }),
      shared: new SharedCache(this.#redis, keys),
      hears,
      alone: options.alone,
      metrics,
      logger: source.logger,
    });
    const replies = new Replies(this.#redis, keys, new StoredReplies(this.#redis, keys), source.logger);
    this.#tower = new FlightTower({
      flights: new Flights(this.#redis, keys),
      replies,
      listeners: options.listeners,
      frontDoor: options.frontDoor,
      envelope: options.envelope,
      alone: options.alone,
      logger: source.logger,
    });
    const { callTimeoutMs } = options;
    this.#dedup = new DedupPolicy({ tower: this.#tower, callTimeoutMs, metrics, logger: source.logger });
    const idempotency = new IdempotencyPolicy({
      records: new IdempotencyRecords(this.#redis, keys),
      tower: this.#tower,
      listeners: options.listeners,
      callTimeoutMs,
      ttlMs: settings.idempotencyTtlMs,
      serverInfo: options.serverInfo,
      metrics,
      logger: source.logger,
    });
    this.policies = { idempotency, cache: this.#cache, dedup: this.#dedup, cacheRecheck };
  }

  /** Takes in that there is another front door from now on. */
  onCompany(): Promise<void> {
    return this.#dedup.register();
  }

  /** Takes in that the client of a session waits no more for one of its requests. */
  cancelRequest(session: string, request: RequestId): void {
    this.#dedup.cancelRequest(session, request);
  }

  /** Takes in that cached results with these tags count no more. */
  invalidated(tags: readonly string[]): void {
    this.#cache.invalidated(tags);
  }

  /** Takes in that invalidations may have been missed. */
  missedInvalidations(): void {
    this.#cache.missed();
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
    await this.#tower.start();
  }

  async stop(): Promise<void> {
    this.#dedup.close();
    await this.#tower.stop();
    disconnect(this.#redis);
  }
}
