import type { Access, Caller } from '@millrace/protocol';
import type { Clock, Logger, Service } from '@millrace/service';
import type { AccessPolicy } from './access-policy.ts';
import { type ApiKeyRecord, isSecretOf, parseApiKey, principalOf, readRecord } from './api-key.ts';
import type { ClusterKeys } from './cluster-keys.ts';
import { unauthenticated } from './refusal.ts';

/** Where the records of API keys lie. */
export interface KeyRecords {
  /** Changes whenever a key is made, changed or revoked. */
  version(): Promise<string>;
  /** @returns JSON text of the records in the same order; undefined for those that are not there */
  find(ids: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Notes when a key was used last, milliseconds since the epoch. */
  used(id: string, at: number): Promise<void>;
}

export interface KeyRingOptions {
  readonly records: KeyRecords;
  readonly policy: AccessPolicy;
  /** Checks the signatures of the records; absent where nobody is protected by it but the bearer itself. */
  readonly keys?: ClusterKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of each key that was looked up for the first time, or refused. */
  readonly onChecked?: (accepted: boolean) => void;
}

/** How often it looks whether keys changed, in milliseconds. A look cannot be lost, as a message can. */
const LOOK_MS = 500;

/** What was not looked after for longer than this does not count, in milliseconds. */
const TRUSTED_MS = 1_500;

/** How often the last use of a key is noted at most, in milliseconds. */
const NOTE_MS = 60_000;

/** A key that exists, as long as it does. */
export class HeldKey {
  readonly #clock: Clock;
  #record: ApiKeyRecord;
  #revoked = false;
  #notedAt = Number.NEGATIVE_INFINITY;
  readonly caller: Caller;

  constructor(record: ApiKeyRecord, access: Access, clock: Clock) {
    this.#record = record;
    this.#clock = clock;
    this.caller = { principal: principalOf(record), access, valid: () => this.valid };
  }

  get record(): ApiKeyRecord {
    return this.#record;
  }

  get valid(): boolean {
    const { expiresAt } = this.#record;
    return !this.#revoked && (expiresAt === undefined || this.#clock.now() < expiresAt);
  }

  /** @returns whether its last use should be noted again */
  use(): boolean {
    const now = this.#clock.now();
    if (now - this.#notedAt < NOTE_MS) return false;
    this.#notedAt = now;
    return true;
  }

  /** @param record as it is now, which differs in its end at most; undefined when it was revoked */
  update(record: ApiKeyRecord | undefined): void {
    if (record) this.#record = record;
    else this.#revoked = true;
  }
}

/** The API keys that were shown to this process. What happens to one in Redis counts here within a second. */
export class KeyRing implements Service {
  readonly #options: KeyRingOptions;
  /** Only keys that exist, so there is no more to it than in Redis. */
  readonly #held = new Map<string, HeldKey>();
  #version: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#timer ??= setInterval(() => void this.#lookQuietly(), LOOK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * @returns who bears the key, at once when it is known
   * @throws MillraceError `unauthenticated`
   */
  authenticate(text: string): Caller | Promise<Caller> {
    const shown = parseApiKey(text);
    if (!shown) throw this.#refused('This has not the form of an API key');
    const held = this.#trusted ? this.#held.get(shown.id) : undefined;
    if (held) return this.#accept(held, shown.secret);
    return this.#load(shown.id).then((found) => this.#accept(found, shown.secret));
  }

  /** @returns the key of that id if it exists and counts */
  async find(id: string): Promise<HeldKey | undefined> {
    const held = (this.#trusted ? this.#held.get(id) : undefined) ?? (await this.#load(id));
    return held?.valid ? held : undefined;
  }

  get #trusted(): boolean {
    return this.#options.clock.now() - this.#lookedAt < TRUSTED_MS;
  }

  #accept(held: HeldKey | undefined, secret: string): Caller {
    if (!held || !isSecretOf(held.record, secret)) throw this.#refused('The API key is not valid');
    if (!held.valid) throw this.#refused('The API key has expired or was revoked');
    if (held.use()) void this.#note(held.record.id);
    return held.caller;
  }

  #refused(message: string) {
    this.#options.onChecked?.(false);
    return unauthenticated(message, 'invalid_token');
  }

  async #load(id: string): Promise<HeldKey | undefined> {
    const { records, onChecked } = this.#options;
    for (;;) {
      if (!this.#trusted) await this.#look();
      const version = this.#version;
      const known = this.#held.get(id);
      if (known) return known;
      const [text] = await records.find([id]);
      // What was read before a change that was seen meanwhile may be out of date.
      if (version !== this.#version || this.#held.has(id)) continue;
      const record = this.#read(id, text);
      if (!record) return undefined;
      onChecked?.(true);
      return this.#hold(record);
    }
  }

  #hold(record: ApiKeyRecord): HeldKey {
    const { policy, clock } = this.#options;
    const held = new HeldKey(record, policy.accessOf(principalOf(record)), clock);
    this.#held.set(record.id, held);
    return held;
  }

  /** A record under the id of another is no less forged than one without signature. */
  #read(id: string, text: string | undefined): ApiKeyRecord | undefined {
    if (text === undefined) return undefined;
    const { keys, logger } = this.#options;
    const record = readRecord(text, keys);
    if (record?.id === id) return record;
    logger.warn({ key: id }, 'a record of an API key is broken or forged, and does not count');
    return undefined;
  }

  /** Reads again what is held, if anything changed. */
  #look(): Promise<void> {
    this.#looking ??= this.#refresh().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #refresh(): Promise<void> {
    const { records, clock } = this.#options;
    const at = clock.now();
    const version = await records.version();
    if (version !== this.#version) {
      const ids = [...this.#held.keys()];
      const texts = ids.length > 0 ? await records.find(ids) : [];
      for (const [index, id] of ids.entries()) this.#update(id, this.#read(id, texts[index]));
      this.#version = version;
    }
    this.#lookedAt = at;
  }

  #update(id: string, record: ApiKeyRecord | undefined): void {
    this.#held.get(id)?.update(record);
    if (!record) this.#held.delete(id);
  }

  async #lookQuietly(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      // Keys that cannot be looked after stop to count by themselves.
      this.#options.logger.debug({ err: error }, 'the API keys could not be looked after');
    }
  }

  async #note(id: string): Promise<void> {
    const { records, clock, logger } = this.#options;
    try {
      await records.used(id, clock.now());
    } catch (error) {
      logger.debug({ err: error, key: id }, 'the last use of an API key was not noted');
    }
  }
}
