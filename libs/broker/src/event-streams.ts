import type { Logger } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';

/** How long a stream can be resumed after its last event, in milliseconds. */
const TTL_MS = 300_000;

/** Events kept of one stream, about; a client that missed more than that asks again. */
const MAX_EVENTS = 10_000;

/** Names one stream. The session is part of the name: nobody resumes a stream of another session. */
export interface StreamName {
  readonly session: string;
  readonly stream: string;
}

/** The call whose answer a stream carries: what it takes to end the stream when its writer is gone. */
export interface StreamCall {
  readonly call: string;
  /** Id of the client's request. */
  readonly request: string | number | null;
  /** When the call is over in any case, milliseconds since the epoch. */
  readonly deadline: number;
}

/** One event as a client may ask for it again. */
export interface StreamEvent {
  /** Position in the stream, from 1. */
  readonly seq: number;
  /** JSON text of a message; empty for the event that only opens the stream. */
  readonly payload: string;
  /** Whether nothing comes after it. */
  readonly last: boolean;
}

/** The events of open answer streams, so that a client can resume on any replica. */
export class EventStreams {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #logger: Logger;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#redis = redis;
    this.#keys = keys;
    this.#logger = logger;
  }

  /**
   * Keeps an event. Resolves when it can be read by others; when that fails, it just cannot be resumed from.
   *
   * @param call given with the first event
   */
  async append({ session, stream }: StreamName, event: StreamEvent, call?: StreamCall): Promise<void> {
    const key = this.#keys.stream(session, stream);
    const id = `${event.seq}-1`;
    const fields = ['payload', this.#sealed(event.payload), 'last', event.last ? '1' : '0'];
    if (call) fields.push('call', JSON.stringify(call));
    try {
      await this.#redis
        .pipeline()
        .xadd(key, 'MAXLEN', '~', MAX_EVENTS, id, ...fields)
        .pexpire(key, TTL_MS)
        .exec();
    } catch (error) {
      this.#logger.warn({ err: error, stream }, 'an event was not kept');
    }
  }

  /** @returns the events after `seq`, or undefined when there is no such stream (any more) */
  async after({ session, stream }: StreamName, seq: number): Promise<StreamEvent[] | undefined> {
    const key = this.#keys.stream(session, stream);
    const [exists, entries] = await Promise.all([
      this.#redis.exists(key),
      this.#redis.xrange(key, `(${seq}-1`, '+'),
    ]);
    if (exists === 0) return undefined;
    return entries.map(([id, fields]) => ({
      seq: Number.parseInt(id, 10),
      payload: cipherOf(this.#redis).open(fields[1] ?? '', 'event'),
      last: fields[3] === '1',
    }));
  }

  #sealed(payload: string): string {
    return payload === '' ? '' : cipherOf(this.#redis).seal(payload, 'event');
  }

  /** @returns the call that the first event names, while that is kept */
  async callOf({ session, stream }: StreamName): Promise<StreamCall | undefined> {
    const [first] = await this.#redis.xrange(this.#keys.stream(session, stream), '-', '+', 'COUNT', 1);
    const call = first?.[1][5];
    return call === undefined ? undefined : (JSON.parse(call) as StreamCall);
  }
}
