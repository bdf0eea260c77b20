import { randomUUID } from 'node:crypto';
import { ANONYMOUS, type Batch, type Call, type SealCalls } from '@millrace/protocol';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';
import { PoolQueue } from './pool-queue.ts';

/** A call that was given up, kept for somebody to look at. */
export interface DeadLetter {
  /** Names the letter within its pool; letters that came later have greater ids. */
  readonly id: string;
  readonly pool: string;
  readonly call: Call;
  /** Id of the front door that made the call. */
  readonly frontDoor: string;
  /** Workers that died while they had the call. */
  readonly deaths: number;
  /** Why it was given up, for people. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type NewDeadLetter = Omit<DeadLetter, 'id' | 'at'>;

export interface LetterPage {
  readonly letters: readonly DeadLetter[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

export interface ReplayOptions {
  /** How long the call may take this time, in milliseconds. */
  readonly timeoutMs: number;
  /** Version of the envelope that the workers of the pool read; this release's own unless given. */
  readonly version?: number;
  /** Proves to workers who made the call: the proof of the letter does not hold for a new one. */
  readonly seal?: SealCalls | undefined;
}

/** Letters of a pool that are kept, about; the oldest go first. */
const KEPT = 10_000;

/** How long a letter cannot be replayed again after somebody began to, in milliseconds. */
const REPLAY_MS = 60_000;

/** The name of the only field of an entry. */
const FIELD = 'letter';

type Entry = [id: string, fields: string[]];

/** The calls that were given up, a stream for each pool. */
export class DeadLetters {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** @returns the id of the letter */
  async add(letter: NewDeadLetter, now: number = Date.now()): Promise<string> {
    const text = cipherOf(this.#redis).seal(JSON.stringify({ ...letter, at: now }), 'letter');
    const id = await this.#redis.xadd(this.#key(letter.pool), 'MAXLEN', '~', KEPT, '*', FIELD, text);
    if (id === null) throw new Error('a dead letter got no id');
    return id;
  }

  async count(pool: string): Promise<number> {
    return this.#redis.xlen(this.#key(pool));
  }

  /**
   * The letters of a pool, the oldest first.
   *
   * @param from `next` of the page before
   * @param tenant whose letters; all unless given
   */
  async list(pool: string, limit = 100, from = '-', tenant?: string): Promise<LetterPage> {
    const letters: DeadLetter[] = [];
    for await (const letter of this.#walk(pool, limit + 1, from)) {
      if (tenant !== undefined && tenantOf(letter) !== tenant) continue;
      if (letters.length === limit) return { letters, next: letter.id };
      letters.push(letter);
    }
    return { letters };
  }

  /** @returns undefined when there is no such letter, or none of this tenant where one is given */
  async get(pool: string, id: string, tenant?: string): Promise<DeadLetter | undefined> {
    if (!ID.test(id)) return undefined;
    const [entry] = await this.#redis.xrange(this.#key(pool), id, id);
    const letter = entry && this.#read(entry);
    return letter && (tenant === undefined || tenantOf(letter) === tenant) ? letter : undefined;
  }

  /** @returns whether there was such a letter */
  async remove(pool: string, id: string): Promise<boolean> {
    return ID.test(id) && (await this.#redis.xdel(this.#key(pool), id)) === 1;
  }

  /**
   * Makes the call once more, as a new one: with an id and a deadline of its own, and not as a task. Its answer is
   * kept like that of a front door that is away (see `StoredReplies`), for nobody waits for it. Of several who replay
   * a letter at the same time, one does.
   *
   * @returns the id of the new call; undefined when there is no such letter, or somebody replays it at this moment
   */
  async replay(
    pool: string,
    id: string,
    { timeoutMs, version, seal }: ReplayOptions,
  ): Promise<string | undefined> {
    const letter = await this.get(pool, id);
    if (!letter) return undefined;
    const guard = this.#keys.replay(pool, id);
    if ((await this.#redis.set(guard, '1', 'PX', REPLAY_MS, 'NX')) !== 'OK') return undefined;
    const call = anew(letter.call, timeoutMs);
    await new PoolQueue(this.#redis, this.#keys, pool, `replay-${id}`, seal).add([call], version);
    await this.remove(pool, id);
    return call.id;
  }

  /** Reads so many letters at a time, until there are no more. */
  async *#walk(pool: string, step: number, from: string): AsyncGenerator<DeadLetter> {
    for (let start = from; ; ) {
      const entries = await this.#redis.xrange(this.#key(pool), start, '+', 'COUNT', step);
      for (const entry of entries) yield this.#read(entry);
      const last = entries.at(-1);
      if (!last || entries.length < step) return;
      start = `(${last[0]}`;
    }
  }

  #read([id, fields]: Entry): DeadLetter {
    const text = cipherOf(this.#redis).open(fields[1] ?? '', 'letter');
    return { id, ...(JSON.parse(text) as Omit<DeadLetter, 'id'>) };
  }

  #key(pool: string): string {
    return this.#keys.deadLetters(pool);
  }
}

/** Letters for all calls of a batch, with what is the same for each. */
export function lettersOf(
  { replyTo, calls }: Batch,
  about: Pick<NewDeadLetter, 'pool' | 'deaths' | 'reason'>,
): NewDeadLetter[] {
  return calls.map((call) => ({ ...about, call, frontDoor: replyTo.frontDoor }));
}

/** Whose call a letter holds. */
export function tenantOf({ call: { principal } }: Pick<DeadLetter, 'call'>): string {
  return (principal ?? ANONYMOUS).tenant;
}

/** What Redis takes for the id of an entry. */
const ID = /^\d+-\d+$/;

function anew({ task, session, ...call }: Call, timeoutMs: number): Call {
  return { ...call, id: `replay.${randomUUID()}`, deadline: Date.now() + timeoutMs };
}
