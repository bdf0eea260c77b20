import type { Clock } from '@millrace/service';
import { StateError } from './state-error.ts';
import type { Entry, StateStore } from './state-store.ts';

export interface ContextMarkerOptions {
  readonly store: StateStore;
  /** No key of an author's is empty, so this one is free. */
  readonly key: string;
  readonly handle: string;
  /** Whether the handle is given out by this call: then nothing can be lost yet. */
  readonly isNew: boolean;
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** Says that a handle stands for something: without it, lost state would look like a context that is empty. */
export class ContextMarker {
  readonly handle: string;
  readonly #options: ContextMarkerOptions;
  /** Undefined until the store was asked. Milliseconds since the epoch; 0 when nothing is kept yet. */
  #expiresAt: number | undefined;

  constructor(options: ContextMarkerOptions) {
    this.#options = options;
    this.handle = options.handle;
    this.#expiresAt = options.isNew ? 0 : undefined;
  }

  /** Whether anything may be kept. @throws StateError `unknown_handle` when what was kept is gone, `unavailable` */
  async check(): Promise<boolean> {
    this.#expiresAt ??= (await this.#find()).expiresAt;
    return this.#expiresAt > 0;
  }

  /** Makes it outlive an entry that is to be written. It lives twice as long, so that few writes have to renew it. */
  async outlive(ttlMs: number): Promise<void> {
    await this.check();
    const { store, key, ttlMs: usual, clock } = this.#options;
    const now = clock.now();
    if (now + ttlMs < (this.#expiresAt ?? 0)) return;
    const life = 2 * Math.max(ttlMs, usual);
    await store.set(key, '', life);
    this.#expiresAt = now + life;
  }

  async #find(): Promise<Entry> {
    const entry = await this.#options.store.get(this.#options.key);
    if (entry) return entry;
    throw new StateError('unknown_handle', 'What the handle stood for has expired, or was lost: begin anew');
  }
}
