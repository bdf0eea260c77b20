import type { PeerChannel, SessionRecord, SessionStore } from '@millrace/broker';
import {
  isJsonObject,
  type JsonObject,
  type LogLevel,
  MillraceError,
  type Principal,
} from '@millrace/protocol';
import { LRUCache } from 'lru-cache';
import { negotiate } from './greeting.ts';

/** Sessions that one front door keeps at hand; the others are read from Redis when they are used. */
const CACHED = 10_000;

/** After this part of the idle time a session in use is prolonged. */
const TOUCH_FRACTION = 10;

interface Cached {
  readonly record: SessionRecord;
  /** When it was prolonged last, milliseconds since the epoch. */
  touchedAt: number;
}

export interface SessionsOptions {
  readonly store: SessionStore;
  /** How long a session lives unused, in milliseconds. */
  readonly idleMs: number;
  /** Told when a session begins, and when its client ends it. */
  readonly onEvent?: ((event: 'opened' | 'ended') => void) | undefined;
  /** Resolves when every front door knows. */
  readonly tellPeers: PeerChannel['tell'];
}

/** The sessions of the 2025 era as this front door sees them: a copy of what Redis holds, good until told otherwise. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #cache = new LRUCache<string, Cached>({ max: CACHED });
  /** Counts what was forgotten: a copy that was read before is not kept. */
  #forgotten = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Opens a session for an `initialize` request. */
  async open(params: JsonObject, principal: Principal): Promise<SessionRecord> {
    const record = await this.#options.store.create({
      principal: principal.id,
      tenant: principal.tenant,
      revision: negotiate(params),
      capabilities: isJsonObject(params['capabilities']) ? params['capabilities'] : {},
    });
    this.#cache.set(record.id, { record, touchedAt: Date.now() });
    this.#options.onEvent?.('opened');
    return record;
  }

  /**
   * @returns the session at once when it is at hand
   * @throws MillraceError `session_not_found` when it is unknown, ended, expired, or somebody else's
   */
  find(id: string, principal: Principal): SessionRecord | Promise<SessionRecord> {
    const cached = this.#cache.get(id);
    if (!cached) return this.#load(id, principal);
    const due = cached.touchedAt + this.#options.idleMs / TOUCH_FRACTION < Date.now();
    if (due) return this.#prolong(cached, principal);
    return checkOwner(cached.record, principal);
  }

  async setLogLevel({ id }: SessionRecord, level: LogLevel): Promise<void> {
    await this.#options.store.setLogLevel(id, level);
    this.forget(id);
    await this.#options.tellPeers({ kind: 'session', session: id });
  }

  async end({ id }: SessionRecord): Promise<void> {
    if (await this.#options.store.end(id)) this.#options.onEvent?.('ended');
    this.forget(id);
    await this.#options.tellPeers({ kind: 'session', session: id });
  }

  /** Drops the copy: the next use reads it anew. */
  forget(id: string): void {
    this.#forgotten += 1;
    this.#cache.delete(id);
  }

  async #load(id: string, principal: Principal): Promise<SessionRecord> {
    const forgotten = this.#forgotten;
    const record = await this.#options.store.find(id);
    if (!record) throw unknown();
    const owned = checkOwner(record, principal);
    if (!(await this.#options.store.touch(id))) throw unknown();
    if (forgotten === this.#forgotten) this.#cache.set(id, { record, touchedAt: Date.now() });
    return owned;
  }

  async #prolong(cached: Cached, principal: Principal): Promise<SessionRecord> {
    const record = checkOwner(cached.record, principal);
    cached.touchedAt = Date.now();
    if (await this.#options.store.touch(record.id)) return record;
    this.forget(record.id);
    throw unknown();
  }
}

/** Whether a session of somebody else exists is nobody's business. */
function checkOwner(record: SessionRecord, principal: Principal): SessionRecord {
  if (record.principal !== principal.id || record.tenant !== principal.tenant) throw unknown();
  return record;
}

function unknown(): MillraceError {
  return new MillraceError('session_not_found', 'Session not found: initialize again');
}
