import type { ContextMarker } from './context-marker.ts';
import { StateError } from './state-error.ts';
import type { StateStore } from './state-store.ts';

export interface ContextLimits {
  /** How long an entry is kept after it was written, in milliseconds; a day unless given. */
  readonly ttlMs?: number;
  /** Bytes of one value as JSON; 65,536 unless given. */
  readonly maxValueBytes?: number;
}

export interface KeepOptions {
  /** Milliseconds until it is forgotten; what the worker is set to unless given. */
  readonly ttlMs?: number;
}

export interface Versioned<T> {
  readonly value: T;
  readonly version: string;
}

export interface KeptStateOptions {
  readonly store: StateStore;
  readonly prefix: string;
  readonly limits: Required<ContextLimits>;
  /** Absent for a session, which says itself whether it is there. */
  readonly marker?: ContextMarker | undefined;
}

/** Tries of `update` before it gives up. */
const TRIES = 20;

/** One to 128 characters, none of which is a control character. */
const KEY = /^[^\p{Cc}]{1,128}$/u;

/**
 * What a tool keeps across the calls of one session or handle: JSON values by key. All methods reject with a
 * `StateError`: `unavailable` (retryable) when the store is away, `unknown_handle` when what was kept is gone.
 */
export class KeptState {
  readonly #options: KeptStateOptions;

  constructor(options: KeptStateOptions) {
    this.#options = options;
  }

  /** What the client has to bring back with its next call; undefined for a session, which needs none. */
  get handle(): string | undefined {
    return this.#options.marker?.handle;
  }

  /** Undefined when nothing is kept under the key. The value is the caller's own: to change it changes nothing here. */
  async get<T>(key: string): Promise<T | undefined> {
    return (await this.read<T>(key))?.value;
  }

  /** The value with its version, for `compareAndSet`. */
  async read<T>(key: string): Promise<Versioned<T> | undefined> {
    const name = this.#name(key);
    if ((await this.#options.marker?.check()) === false) return undefined;
    const entry = await this.#options.store.get(name);
    return entry && { value: JSON.parse(entry.value) as T, version: entry.version };
  }

  /** @returns the version of what is kept now. Rejects with `too_large`, and keeps what was there */
  async set(key: string, value: unknown, options: KeepOptions = {}): Promise<string> {
    const name = this.#name(key);
    const text = this.#text(key, value);
    return this.#options.store.set(name, text, await this.#life(options));
  }

  /**
   * Writes if nobody else did since that version was read; undefined expects that nothing is kept.
   * @returns the new version. Rejects with `conflict` when somebody did
   */
  async compareAndSet(
    key: string,
    expected: string | undefined,
    value: unknown,
    options: KeepOptions = {},
  ): Promise<string> {
    const version = await this.#tryToSet(key, expected, value, options);
    if (version !== undefined) return version;
    throw new StateError('conflict', `"${key}" was changed by somebody else meanwhile`, { details: { key } });
  }

  /** Changes a value, again and again until nobody comes in between. The function may run more than once. */
  async update<T>(key: string, change: (value: T | undefined) => T, options: KeepOptions = {}): Promise<T> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = await this.read<T>(key);
      const value = change(before?.value);
      if ((await this.#tryToSet(key, before?.version, value, options)) !== undefined) return value;
    }
    throw new StateError('conflict', `"${key}" is changed by others all the time`, {
      details: { key },
      retryable: true,
    });
  }

  /** @returns whether anything was kept under the key */
  async delete(key: string): Promise<boolean> {
    const name = this.#name(key);
    if ((await this.#options.marker?.check()) === false) return false;
    return this.#options.store.delete(name);
  }

  async #tryToSet(
    key: string,
    expected: string | undefined,
    value: unknown,
    options: KeepOptions,
  ): Promise<string | undefined> {
    const name = this.#name(key);
    const text = this.#text(key, value);
    return this.#options.store.compareAndSet(name, expected, text, await this.#life(options));
  }

  #name(key: string): string {
    if (KEY.test(key)) return this.#options.prefix + key;
    throw new StateError('invalid', 'A key is a text of 1 to 128 characters without control characters');
  }

  #text(key: string, value: unknown): string {
    const { maxValueBytes } = this.#options.limits;
    const text = toJson(key, value);
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxValueBytes) return text;
    throw new StateError(
      'too_large',
      `The value of "${key}" has ${bytes} bytes; ${maxValueBytes} are allowed`,
      {
        details: { key, bytes, maxBytes: maxValueBytes },
      },
    );
  }

  /** The time to live of an entry, which its context outlives. */
  async #life({ ttlMs = this.#options.limits.ttlMs }: KeepOptions): Promise<number> {
    if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
      throw new StateError('invalid', `ttlMs: ${ttlMs} is not a whole number of milliseconds from 1 on`);
    }
    await this.#options.marker?.outlive(ttlMs);
    return ttlMs;
  }
}

function toJson(key: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new StateError('invalid', `The value of "${key}" cannot be written as JSON`, {
      details: { key },
      cause,
    });
  }
  if (text !== undefined) return text;
  throw new StateError('invalid', `The value of "${key}" is nothing that JSON knows`, { details: { key } });
}
