import { EMPTY_OFFER, ENVELOPE_VERSION, type Offer } from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { type CatalogueView, mergeCatalogue } from './catalogue-view.ts';
import { readableEnvelopes } from './envelope-versions.ts';
import type { Keys } from './keys.ts';
import { connectPatient, disconnect, type RedisSource, whenReady } from './redis.ts';
import { Script } from './script.ts';
import type { CatalogueTimes, WorkerRecord } from './worker-record.ts';

const liveWorkers = new Script('live-workers');

export interface CatalogueOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly times: CatalogueTimes;
}

/** A front door's copy of what the fleet serves: read at start, at every change, and when a worker falls silent. */
export class Catalogue implements Service {
  readonly #options: CatalogueOptions;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  readonly #listeners = new Set<(view: CatalogueView) => void>();
  readonly #offers = new Map<string, Offer>();
  #view: CatalogueView = { ...EMPTY_OFFER, slots: new Map(), workers: [] };
  #envelopes: ReadonlyMap<string, number> = new Map();
  #known = '';
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;

  constructor(options: CatalogueOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#redis = connectPatient(options.source, 'catalogue');
    this.#subscriber = connectPatient(options.source, 'catalogue-changes');
    this.#subscriber.on('message', () => void this.refresh());
  }

  get view(): CatalogueView {
    return this.#view;
  }

  /** Slots of all live workers of a pool; 0 when there is none. */
  slotsOf(pool: string): number {
    return this.#view.slots.get(pool) ?? 0;
  }

  /** The newest version of the envelope that all live workers of a pool read. */
  envelopeOf(pool: string): number {
    return this.#envelopes.get(pool) ?? ENVELOPE_VERSION;
  }

  /** @param listener called after each change of what is served or by whom */
  onChange(listener: (view: CatalogueView) => void): void {
    this.#listeners.add(listener);
  }

  async start(): Promise<void> {
    await Promise.all([whenReady(this.#redis), whenReady(this.#subscriber)]);
    await this.#subscriber.subscribe(this.#options.keys.catalogueChanges);
    await this.#read();
    this.#timer = setInterval(() => void this.refresh(), this.#options.times.heartbeatMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    disconnect(this.#subscriber);
    disconnect(this.#redis);
  }

  /** Reads again; a change that arrives during a read leads to one more. */
  async refresh(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    if (this.#reading) {
      this.#readAgain = true;
      return;
    }
    try {
      do {
        this.#readAgain = false;
        this.#reading = this.#read();
        await this.#reading;
      } while (this.#readAgain);
    } catch (error) {
      this.#logger.warn({ err: error }, 'the catalogue could not be read');
    } finally {
      this.#reading = undefined;
    }
  }

  async #read(): Promise<void> {
    const { keys, times } = this.#options;
    const answer = await liveWorkers.run(
      this.#redis,
      [keys.workers, keys.offers],
      [times.workerTtlMs, times.offerTtlMs],
    );
    const [ids, hashes] = answer as [string[], string[]];
    const records = await this.#records(ids);
    // Heartbeats alone change the order of the offers that are alive, which then does not matter.
    const known = JSON.stringify([records, hashes.toSorted()]);
    if (known === this.#known) return;
    await this.#loadOffers(hashes);
    this.#known = known;
    this.#envelopes = readableEnvelopes(records);
    this.#view = mergeCatalogue(records, this.#offers);
    for (const listener of this.#listeners) listener(this.#view);
  }

  async #records(ids: readonly string[]): Promise<WorkerRecord[]> {
    if (ids.length === 0) return [];
    const records = await this.#redis.mget(ids.map((id) => this.#options.keys.worker(id)));
    return records
      .filter((record) => record !== null)
      .map((record) => JSON.parse(record) as WorkerRecord)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Loads the offers that are new, forgets those that are gone, and keeps the order of the hashes. */
  async #loadOffers(hashes: readonly string[]): Promise<void> {
    const missing = hashes.filter((hash) => !this.#offers.has(hash));
    const loaded =
      missing.length === 0
        ? []
        : await this.#redis.mget(missing.map((hash) => this.#options.keys.offer(hash)));
    const previous = new Map(this.#offers);
    for (const [index, hash] of missing.entries()) {
      const offer = loaded[index];
      if (offer) previous.set(hash, JSON.parse(offer) as Offer);
    }
    this.#offers.clear();
    for (const hash of hashes) {
      const offer = previous.get(hash);
      if (offer) this.#offers.set(hash, offer);
    }
  }
}
