import { EMPTY_OFFER, ENVELOPE_VERSION, type Offer } from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { type CatalogueView, mergeCatalogue } from './catalogue-view.ts';
import { Departures } from './departures.ts';
import { readableEnvelopes } from './envelope-versions.ts';
import { watchEviction } from './eviction-policy.ts';
import { readFleet } from './fleet.ts';
import { FleetMemory } from './fleet-memory.ts';
import type { Keys } from './keys.ts';
import { connectPatient, connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import type { CatalogueTimes } from './worker-record.ts';

export interface CatalogueOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly times: CatalogueTimes;
  /** Told of workers that fell silent without taking their leave. */
  readonly onLost?: (workers: readonly string[]) => void;
}

/** A front door's copy of what the fleet serves: read at start, at every change, and when a worker falls silent. */
export class Catalogue implements Service {
  readonly #options: CatalogueOptions;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  readonly #listeners = new Set<(view: CatalogueView) => void>();
  readonly #departures: Departures;
  readonly #memory: FleetMemory;
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
    this.#subscriber = connectSubscriber(options.source, 'catalogue-changes', options.keys.catalogueChanges);
    this.#departures = new Departures(options.times.workerTtlMs);
    this.#memory = new FleetMemory(options.times.workerTtlMs);
    this.#subscriber.on('message', (_, message: string) => {
      this.#departures.hear(message, Date.now());
      void this.refresh();
    });
  }

  get view(): CatalogueView {
    return this.#view;
  }

  /** Whether it has been read. */
  get loaded(): boolean {
    return this.#known !== '';
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
    watchEviction(this.#redis, this.#logger);
    await this.#subscriber.subscribe(this.#options.keys.catalogueChanges);
    await this.#read();
    this.#timer = setInterval(() => this.#beat(), this.#options.times.heartbeatMs);
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

  #beat(): void {
    void this.refresh();
    const lost = this.#departures.takeLost(Date.now());
    if (lost.length === 0) return;
    this.#logger.warn({ workers: lost }, 'workers were lost');
    this.#options.onLost?.(lost);
  }

  async #read(): Promise<void> {
    const { keys, times } = this.#options;
    const fleet = await readFleet(this.#redis, keys, times);
    const now = Date.now();
    const { workers, offers, drainedPools } = this.#memory.complete(fleet, now);
    this.#departures.see(
      workers.map(({ id }) => id),
      now,
    );
    // Heartbeats alone change the order of the offers that are alive, which then does not matter.
    const known = JSON.stringify([workers, offers.toSorted(), [...drainedPools].sort()]);
    if (known === this.#known) return;
    await this.#loadOffers(offers);
    this.#known = known;
    this.#envelopes = readableEnvelopes(workers);
    this.#view = { ...mergeCatalogue(workers, this.#offers), draining: drainedPools };
    for (const listener of this.#listeners) listener(this.#view);
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
