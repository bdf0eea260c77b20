import { type Clock, systemClock } from '@millrace/service';
import { newVersion } from './entry-version.ts';
import { StateError } from './state-error.ts';
import type { Entry, StateStore } from './state-store.ts';

export interface MemoryStateStoreOptions {
  /** Characters of keys and values that it holds at most; 64 Mi unless given. */
  readonly maxCharacters?: number;
  readonly clock?: Clock;
}

const MOST_CHARACTERS = 64 * 1024 * 1024;

/** Keeps entries in this process alone, and forgets none before its time: when it is full it refuses new ones. */
export class MemoryStateStore implements StateStore {
  readonly #entries = new Map<string, Entry>();
  readonly #maxCharacters: number;
  readonly #clock: Clock;
  #characters = 0;

  constructor({ maxCharacters = MOST_CHARACTERS, clock = systemClock }: MemoryStateStoreOptions = {}) {
    this.#maxCharacters = maxCharacters;
    this.#clock = clock;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async get(key: string): Promise<Entry | undefined> {
    return this.#find(key);
  }

  async set(key: string, value: string, ttlMs: number): Promise<string> {
    const size = key.length + value.length;
    const before = this.#sizeOf(key);
    if (this.#characters - before + size > this.#maxCharacters) this.#makeRoom(size - before);
    this.#remove(key);
    const entry = { value, version: newVersion(), expiresAt: this.#clock.now() + ttlMs };
    this.#entries.set(key, entry);
    this.#characters += size;
    return entry.version;
  }

  async compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    ttlMs: number,
  ): Promise<string | undefined> {
    return this.#find(key)?.version === expected ? this.set(key, value, ttlMs) : undefined;
  }

  async delete(key: string): Promise<boolean> {
    const found = this.#find(key) !== undefined;
    this.#remove(key);
    return found;
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.expiresAt > this.#clock.now() ? entry : undefined;
  }

  #remove(key: string): void {
    this.#characters -= this.#sizeOf(key);
    this.#entries.delete(key);
  }

  #sizeOf(key: string): number {
    const entry = this.#entries.get(key);
    return entry ? key.length + entry.value.length : 0;
  }

  #makeRoom(more: number): void {
    for (const key of this.#entries.keys()) if (!this.#find(key)) this.#remove(key);
    if (this.#characters + more <= this.#maxCharacters) return;
    throw new StateError('full', 'The memory store holds as much as it may: nothing was kept', {
      details: { maxCharacters: this.#maxCharacters },
    });
  }
}
