import { type Clock, systemClock } from '@millrace/service';
import { newVersion } from './entry-version.ts';
import { ask, type RedisCommands, Script } from './redis-commands.ts';
import { StateError } from './state-error.ts';
import type { Entry, StateStore } from './state-store.ts';

const COMPARE_AND_SET = new Script('compare-and-set');

/** An entry as text: version, expiry, and the value as it is. */
const TEXT = /^([^:]+):(\d+):(.*)$/s;

export interface RedisStateStoreOptions {
  readonly redis: RedisCommands;
  /** What all names of entries begin with. */
  readonly prefix: string;
  readonly clock?: Clock;
}

/** Keeps entries in Redis. The connection is not its own: who made it ends it. */
export class RedisStateStore implements StateStore {
  readonly #redis: RedisCommands;
  readonly #prefix: string;
  readonly #clock: Clock;

  constructor({ redis, prefix, clock = systemClock }: RedisStateStoreOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async get(key: string): Promise<Entry | undefined> {
    const text = await ask(this.#redis, 'GET', this.#prefix + key);
    return text === null ? undefined : parse(String(text));
  }

  async set(key: string, value: string, ttlMs: number): Promise<string> {
    const { version, text } = this.#write(value, ttlMs);
    await ask(this.#redis, 'SET', this.#prefix + key, text, 'PX', ttlMs);
    return version;
  }

  async compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    ttlMs: number,
  ): Promise<string | undefined> {
    const { version, text } = this.#write(value, ttlMs);
    const done = await COMPARE_AND_SET.run(this.#redis, this.#prefix + key, [expected ?? '', text, ttlMs]);
    return done === 1 ? version : undefined;
  }

  async delete(key: string): Promise<boolean> {
    return (await ask(this.#redis, 'DEL', this.#prefix + key)) === 1;
  }

  #write(value: string, ttlMs: number): { readonly version: string; readonly text: string } {
    const version = newVersion();
    return { version, text: `${version}:${this.#clock.now() + ttlMs}:${value}` };
  }
}

function parse(text: string): Entry {
  const [, version, expiresAt, value] = TEXT.exec(text) ?? [];
  if (version === undefined || value === undefined) {
    throw new StateError('failed', 'An entry in Redis is not one of ours');
  }
  return { value, version, expiresAt: Number(expiresAt) };
}
