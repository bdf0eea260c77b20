import { createHash } from 'node:crypto';
import type { Offer } from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { farewellOf } from './departures.ts';
import { watchEviction } from './eviction-policy.ts';
import type { Keys } from './keys.ts';
import { DRAIN } from './orders.ts';
import { connectPatient, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import { Script } from './script.ts';
import type { CatalogueTimes, WorkerRecord } from './worker-record.ts';

const announce = new Script('announce');

export interface AnnouncerOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly times: CatalogueTimes;
  readonly worker: Omit<WorkerRecord, 'offer'>;
  /** What the worker serves at this moment. */
  readonly offer: () => Offer;
  /** Told when an operator wants the worker to take no new work, and when he does not any more. */
  readonly onDrain?: (drained: boolean) => void;
}

/** Keeps the catalogue's record of one worker alive, and takes it back when the worker leaves. */
export class Announcer implements Service {
  readonly #options: AnnouncerOptions;
  readonly #redis: Redis;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  /** Once it takes no new work: the pools whose calls it still ends. */
  #lastPools: readonly string[] | undefined;
  /** Whether an operator wants it to take no new work. */
  #drained = false;
  #offer = '';
  #hash = '';

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#redis = connectPatient(options.source, 'announcer');
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
    watchEviction(this.#redis, this.#logger);
    this.#timer = setInterval(() => void this.#beat(), this.#options.times.heartbeatMs);
    await this.publish();
  }

  /** Publishes the offer anew, because plugins came or went; does nothing before `start` and after `stop`. */
  async publish(): Promise<void> {
    if (!this.#timer) return;
    this.#offer = JSON.stringify(this.#options.offer());
    this.#hash = createHash('sha256').update(this.#offer).digest('hex').slice(0, 32);
    await this.#announce(this.#offer);
    await this.#tellChange();
  }

  /** Takes no new work, and is still known as the one that ends the calls of these pools. */
  async retreat(lastPools: readonly string[]): Promise<void> {
    this.#lastPools = lastPools;
    if (this.#redis.status === 'ready') await this.publish();
  }

  /** Leaves the catalogue: front doors hear of it at once. */
  async stop(): Promise<void> {
    const started = this.#timer !== undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (started && this.#redis.status === 'ready') await this.#withdraw();
    disconnect(this.#redis);
  }

  async #withdraw(): Promise<void> {
    const { keys, worker } = this.#options;
    await this.#redis
      .pipeline()
      .zrem(keys.workers, worker.id)
      .del(keys.worker(worker.id))
      .hdel(keys.orders, `worker:${worker.id}`)
      .exec();
    await this.#tellChange(farewellOf(worker.id));
  }

  async #beat(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    try {
      // Redis may have come back empty: then the offer has to be sent again.
      if (!(await this.#announce(''))) await this.publish();
    } catch (error) {
      this.#logger.warn({ err: error }, 'a heartbeat failed');
    }
  }

  /** @returns false when the offer has to be sent */
  async #announce(offer: string): Promise<boolean> {
    const { keys, worker, times } = this.#options;
    const record = JSON.stringify(this.#record());
    const answer = await announce.run(
      this.#redis,
      [keys.workers, keys.worker(worker.id), keys.offers, keys.offer(this.#hash), keys.orders],
      [worker.id, record, this.#hash, offer, times.workerTtlMs, times.offerTtlMs],
    );
    const [known, order] = answer as [number, string];
    if ((order === DRAIN) !== this.#drained) await this.#obey(order === DRAIN);
    return known === 1;
  }

  /** Of what it drains, calls for which it alone has the state are still its own to end. */
  #record(): WorkerRecord {
    const { worker } = this.#options;
    const pools = this.#lastPools ?? worker.pools;
    const kept = this.#drained ? pools.filter((pool) => pool === worker.id) : pools;
    return { ...worker, pools: kept, offer: this.#hash, ...(this.#drained && { drained: true }) };
  }

  async #obey(drained: boolean): Promise<void> {
    this.#drained = drained;
    this.#logger.warn({ drained }, drained ? 'takes no new work, by order' : 'takes work again, by order');
    this.#options.onDrain?.(drained);
    if (this.#timer) await this.publish();
  }

  async #tellChange(message = this.#options.worker.id): Promise<void> {
    await this.#redis.publish(this.#options.keys.catalogueChanges, message);
  }
}
