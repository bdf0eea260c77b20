import type { Service } from '@millrace/service';

/** What is kept under one key. */
export interface Entry {
  readonly value: string;
  /** Another one after each write, also after the entry was deleted and made anew. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Where entries are kept. One suite, `state-store.test.ts`, says what each store promises. All methods reject with a
 * `StateError`; with the reason `unavailable` when the store is away.
 */
export interface StateStore extends Service {
  /** Undefined when nothing is kept, or not any more. */
  get(key: string): Promise<Entry | undefined>;
  /** @param ttlMs milliseconds until the entry is forgotten. @returns its version */
  set(key: string, value: string, ttlMs: number): Promise<string>;
  /**
   * Writes only if the entry is still of the expected version; undefined expects that there is none.
   * @returns the new version, or undefined when it is of another one
   */
  compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    ttlMs: number,
  ): Promise<string | undefined>;
  /** @returns whether there was an entry */
  delete(key: string): Promise<boolean>;
}
