import { createHash } from 'node:crypto';
import {
  ANONYMOUS,
  type Call,
  callFields,
  canonicalJson,
  type JsonObject,
  type Principal,
} from '@millrace/protocol';
import { LRUCache } from 'lru-cache';
import type { Keys } from './keys.ts';
import { cipherOf, tryOpen } from './payload-cipher.ts';
import type { PolicyLink } from './policy-link.ts';

/** Who may be given the result of somebody else's call. */
export type LastGoodScope = 'public' | 'tenant' | 'private';

/** A call, as far as its last good result is the same. */
export type LastGoodCall = Pick<Call, 'target' | 'params' | 'principal'>;

export interface KeptResult {
  /** In the form of the 2025 revisions. */
  readonly result: JsonObject;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Results beyond this length are not kept, in characters. */
const MOST_CHARACTERS = 262_144;

/** How often the result of the same call is written again at most, in milliseconds. */
const REWRITE_MS = 1_000;

const REMEMBERED = 10_000;

/** The last good results of tools, for the day on which they fail. */
export class LastGood {
  readonly #link: PolicyLink;
  readonly #keys: Keys;
  readonly #written = new LRUCache<string, true>({ max: REMEMBERED, ttl: REWRITE_MS });

  constructor(link: PolicyLink, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  /** Never waited for, and never fails: what is not kept cannot be given later, and that is all. */
  keep(call: Call, scope: LastGoodScope, result: JsonObject, maxAgeMs: number): void {
    const key = this.#key(call, scope);
    if (this.#written.has(key)) return;
    const text = JSON.stringify({ at: Date.now(), result } satisfies KeptResult);
    if (text.length > MOST_CHARACTERS) return;
    this.#written.set(key, true);
    this.#link
      .ask((redis) => redis.set(key, cipherOf(redis).seal(text, 'last-good'), 'PX', maxAgeMs))
      .catch((error: Error) => {
        this.#link.logger.warn({ err: error, ...callFields(call) }, 'a good result was not kept');
      });
  }

  /** Rejects when Redis cannot be asked. */
  async find(call: LastGoodCall, scope: LastGoodScope): Promise<KeptResult | undefined> {
    const text = await this.#link.ask(async (redis) => {
      const sealed = await redis.get(this.#key(call, scope));
      return sealed === null ? undefined : tryOpen(redis, sealed, 'last-good');
    });
    return text === undefined ? undefined : (JSON.parse(text) as KeptResult);
  }

  #key({ target, params, principal = ANONYMOUS }: LastGoodCall, scope: LastGoodScope): string {
    const args = canonicalJson(params['arguments'] ?? {});
    const hash = createHash('sha256').update(JSON.stringify([target, ownerOf(principal, scope), args]));
    return this.#keys.lastGood(hash.digest('base64url'));
  }
}

function ownerOf({ id, tenant }: Principal, scope: LastGoodScope): readonly string[] {
  if (scope === 'public') return [];
  return scope === 'tenant' ? [tenant] : [tenant, id];
}
