import { createHash } from 'node:crypto';
import type { Offer } from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { connectPatient, disconnect, type RedisSource, whenReady } from './redis.ts';
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
}

/** Keeps the catalogue's record of one worker alive, and takes it back when the worker leaves. */
export class Announcer implements Service {
  readonly #options: AnnouncerOptions;
  readonly #redis: Redis;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #offer = '';
  #hash = '';

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#redis = connectPatient(options.source, 'announcer');
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
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
    await this.#redis.pipeline().zrem(keys.workers, worker.id).del(keys.worker(worker.id)).exec();
    await this.#tellChange();
  }

  async #beat(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    try {
      // Redis may have come back empty: then the offer has to be sent again.
      if ((await this.#announce('')) === 0) await this.publish();
    } catch (error) {
      this.#logger.warn({ err: error }, 'a heartbeat failed');
    }
  }

  async #announce(offer: string): Promise<unknown> {
    const { keys, worker, times } = this.#options;
    const record: WorkerRecord = { ...worker, offer: this.#hash };
    return announce.run(
      this.#redis,
      [keys.workers, keys.worker(worker.id), keys.offers, keys.offer(this.#hash)],
      [worker.id, JSON.stringify(record), this.#hash, offer, times.workerTtlMs, times.offerTtlMs],
    );
  }

  async #tellChange(): Promise<void> {
    await this.#redis.publish(this.#options.keys.catalogueChanges, this.#options.worker.id);
  }
}
