import { type Clock, systemClock } from '@millrace/service';
import { LRUCache } from 'lru-cache';
import type { Invalidations } from './invalidations.ts';
import type { Entry, StateStore } from './state-store.ts';

export interface HybridStateStoreOptions {
  /** The store that counts. Its start and stop are the hybrid's, too. */
  readonly store: StateStore;
  /** How the processes tell each other what changed. */
  readonly invalidations: Invalidations;
  /** How long an entry is served from memory at most, in milliseconds; 5,000 unless given. */
  readonly memoryMs?: number;
  /** Characters that memory holds at most; 32 Mi unless given. */
  readonly maxCharacters?: number;
  /** Told of each read, whether memory had it. */
  readonly onRead?: (hit: boolean) => void;
  readonly clock?: Clock;
}

/** Bounds what a process can miss whose connection is broken and has not noticed it yet. */
const MEMORY_MS = 5_000;
const MOST_CHARACTERS = 32 * 1024 * 1024;

interface Remembered {
  readonly entry: Entry;
  /** Milliseconds since the epoch; it is read anew after that. */
  readonly until: number;
}

interface Reading {
  readonly entry: Promise<Entry | undefined>;
  /** Whether the entry was changed meanwhile: what is read may be old, and is not remembered. */
  outdated: boolean;
}

/**
 * Memory in front of a persistent store. Reads come from memory; writes go to the store and make every process forget
 * what it has, this one first. While a process cannot hear the others it reads from the store.
 */
export class HybridStateStore implements StateStore {
  readonly #options: HybridStateStoreOptions;
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #memory: LRUCache<string, Remembered>;
  readonly #memoryMs: number;
  /** Reads under way: who asks for the same meanwhile gets the same. */
  readonly #readings = new Map<string, Reading>();

  constructor(options: HybridStateStoreOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#clock = options.clock ?? systemClock;
    this.#memoryMs = options.memoryMs ?? MEMORY_MS;
    this.#memory = new LRUCache({
      maxSize: options.maxCharacters ?? MOST_CHARACTERS,
      sizeCalculation: ({ entry }, key) => entry.value.length + key.length,
    });
    options.invalidations.onInvalid((key) => this.#forget(key));
  }

  async start(): Promise<void> {
    await this.#store.start();
  }

  async stop(deadline?: number): Promise<void> {
    this.#memory.clear();
    await this.#store.stop(deadline);
  }

  get(key: string): Promise<Entry | undefined> {
    const remembered = this.#options.invalidations.hears ? this.#memory.get(key) : undefined;
    const hit = remembered !== undefined && this.#clock.now() < remembered.until;
    this.#options.onRead?.(hit);
    return hit ? Promise.resolve(remembered.entry) : this.#read(key);
  }

  async set(key: string, value: string, ttlMs: number): Promise<string> {
    return this.#write(key, () => this.#store.set(key, value, ttlMs));
  }

  async compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    ttlMs: number,
  ): Promise<string | undefined> {
    return this.#write(key, () => this.#store.compareAndSet(key, expected, value, ttlMs));
  }

  async delete(key: string): Promise<boolean> {
    return this.#write(key, () => this.#store.delete(key));
  }

  async #read(key: string): Promise<Entry | undefined> {
    const reading = this.#readings.get(key) ?? this.#begin(key);
    return reading.entry;
  }

  #begin(key: string): Reading {
    const reading: Reading = { entry: this.#fetch(key, () => reading), outdated: false };
    this.#readings.set(key, reading);
    return reading;
  }

  async #fetch(key: string, reading: () => Reading): Promise<Entry | undefined> {
    try {
      const entry = await this.#store.get(key);
      if (entry && !reading().outdated) this.#remember(key, entry);
      return entry;
    } finally {
      if (this.#readings.get(key) === reading()) this.#readings.delete(key);
    }
  }

  #remember(key: string, entry: Entry): void {
    if (!this.#options.invalidations.hears) return;
    const until = Math.min(entry.expiresAt, this.#clock.now() + this.#memoryMs);
    this.#memory.set(key, { entry, until });
  }

  /** Also after a failure: it is not known then whether the store has written. */
  async #write<T>(key: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } finally {
      this.#forget(key);
      await this.#options.invalidations.tell(key);
    }
  }

  /** @param key undefined when anything may have changed */
  #forget(key: string | undefined): void {
    if (key === undefined) {
      this.#memory.clear();
      for (const each of [...this.#readings.keys()]) this.#forgetReading(each);
      return;
    }
    this.#memory.delete(key);
    this.#forgetReading(key);
  }

  #forgetReading(key: string): void {
    const reading = this.#readings.get(key);
    if (!reading) return;
    reading.outdated = true;
    // Who asks from now on must not get what was read before the change.
    this.#readings.delete(key);
  }
}
