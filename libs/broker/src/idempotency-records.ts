import type { Era, IdempotencyClaim, TerminalFrame } from '@millrace/protocol';
import type { Redis } from 'ioredis';
import { type FlightAddress, readAddress, writeAddress } from './flights.ts';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';
import { Script } from './script.ts';

/** How long a record is kept beyond the deadline of its call at least, in milliseconds. */
const MARGIN_MS = 60_000;

/** How the first call with a key ended. */
export interface Outcome {
  readonly kind: TerminalFrame['kind'];
  readonly payload: string;
  /** Era that the payload was made for. */
  readonly era: Era;
}

/** What is found when a call with a key is begun. */
export type Standing =
  /** It is the first, or the last one came to nothing. */
  | { readonly kind: 'mine' }
  /** The key was used with other arguments. */
  | { readonly kind: 'conflict' }
  /** Another one is under way. */
  | { readonly kind: 'running' }
  /** Another one was begun, must not be run twice, and ought to have ended by now. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'done'; readonly outcome: Outcome };

export interface Beginning {
  readonly claim: IdempotencyClaim;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly idempotent: boolean;
  /** Told when the call that is under way has ended. */
  readonly address: FlightAddress;
}

/** What came of an ending. */
export interface Ending {
  /** The outcome that stands already, instead of the one that was to be kept. */
  readonly earlier?: Pick<Outcome, 'kind' | 'payload'>;
  /** Who waits for it. */
  readonly waiting: readonly FlightAddress[];
}

const BEGIN = new Script('begin-idempotent');
const END = new Script('end-idempotent');
const RELEASE = new Script('release-idempotent');

/** What became of the calls that have an idempotency key: each key has one outcome, whoever asks for it. */
export class IdempotencyRecords {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(redis: Redis, keys: Keys, now: () => number = Date.now) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
  }

  async begin({ claim, deadline, idempotent, address }: Beginning): Promise<Standing> {
    const now = this.#now();
    const ttlMs = Math.max(claim.ttlMs, deadline - now + MARGIN_MS);
    const answer = await BEGIN.run(
      this.#redis,
      [this.#keys.idempotency(claim.record)],
      [claim.digest, claim.owner, deadline, now, ttlMs, idempotent ? '1' : '0', writeAddress(address)],
    );
    const [kind, ...rest] = answer as [Standing['kind'], ...string[]];
    if (kind !== 'done') return { kind };
    const [outcome, era, payload] = rest as [TerminalFrame['kind'], Era, string];
    return { kind, outcome: { kind: outcome, era, payload: this.#opened(payload) } };
  }

  /** Keeps the outcome, unless there is one: the first one stands. */
  async end({ record, digest, ttlMs }: IdempotencyClaim, { kind, era, payload }: Outcome): Promise<Ending> {
    const answer = await END.run(
      this.#redis,
      [this.#keys.idempotency(record)],
      [kind, era, cipherOf(this.#redis).seal(payload, 'idempotency'), ttlMs, digest],
    );
    const [earlier, text] = answer as [TerminalFrame['kind'] | '', string];
    if (earlier !== '') return { earlier: { kind: earlier, payload: this.#opened(text) }, waiting: [] };
    return { waiting: readAddresses(text) };
  }

  #opened(payload: string): string {
    return cipherOf(this.#redis).open(payload, 'idempotency');
  }

  /** Forgets a call that came to nothing. @returns who waits for it, and may now make it */
  async release({ record, owner }: IdempotencyClaim): Promise<readonly FlightAddress[]> {
    const waiting = await RELEASE.run(this.#redis, [this.#keys.idempotency(record)], [owner]);
    return readAddresses(waiting as string);
  }
}

function readAddresses(lines: string): FlightAddress[] {
  return lines === '' ? [] : lines.split('\n').map(readAddress);
}
