import { randomUUID } from 'node:crypto';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { publishCounted } from './publish-counted.ts';
import { connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';

/** How long a sender waits for the others to take in what it told, in milliseconds. */
const PATIENCE_MS = 500;

/** What front doors tell each other. */
export type PeerMessage =
  /** A session was changed or ended: what is known of it is out of date. */
  | { readonly kind: 'session'; readonly session: string }
  /** A client of a session cancelled one of its requests. */
  | { readonly kind: 'cancel'; readonly session: string; readonly request: string | number }
  /** A client came back for a stream: whoever writes it tells of each event from now on. */
  | { readonly kind: 'resumed'; readonly stream: string }
  /** A stream that somebody came back for has new events. */
  | { readonly kind: 'stream'; readonly stream: string }
  /** A front door is about to begin. */
  | { readonly kind: 'joined'; readonly frontDoor: string };

/** Says that one front door has taken in the message of that id. */
interface Told {
  readonly kind: 'told';
  readonly id: string;
}

/** A message with the id by which its sender wants to hear that it was taken in. */
type Envelope = (PeerMessage & { readonly id?: string }) | Told;

export interface PeerChannelOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** Connection to publish with. */
  readonly redis: Redis;
  /** Told of every message, also of those sent by this front door. Resolves when it is taken in. */
  readonly onMessage: (message: PeerMessage) => void | Promise<void>;
}

/** The channel between all front doors. */
export class PeerChannel implements Service {
  readonly #options: PeerChannelOptions;
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  #connections = 0;
  /** Told of each front door that took in a message that this one sent. */
  readonly #waiting = new Map<string, () => void>();

  constructor(options: PeerChannelOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#subscriber = connectSubscriber(options.source, 'peers', options.keys.peers);
    this.#subscriber.on('message', (_channel, text) => void this.#receive(JSON.parse(text) as Envelope));
  }

  /** Another number for each time that it had to connect; undefined while it is not connected. */
  get connection(): number | undefined {
    return this.#subscriber.status === 'ready' ? this.#connections : undefined;
  }

  async start(): Promise<void> {
    this.#subscriber.on('close', () => {
      this.#connections += 1;
    });
    await whenReady(this.#subscriber);
    await this.#subscriber.subscribe(this.#options.keys.peers);
  }

  /** @returns how many front doors listen, this one among them */
  async count(): Promise<number> {
    const { redis, keys } = this.#options;
    const [, count] = (await redis.call('PUBSUB', 'NUMSUB', keys.peers)) as [string, number];
    return count;
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
  }

  /** Tells the others, and does not wait. */
  send(message: PeerMessage): void {
    this.#publish(message).catch((error: Error) => {
      this.#logger.warn({ err: error, kind: message.kind }, 'the other front doors were not told');
    });
  }

  /** Resolves when every front door has taken the message in, or when one that is stuck was waited for long enough. */
  async tell(message: PeerMessage): Promise<void> {
    const id = randomUUID();
    let told = 0;
    let expected = Number.POSITIVE_INFINITY;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(id, () => {
      told += 1;
      if (told >= expected) resolve();
    });
    const timer = setTimeout(resolve, PATIENCE_MS);
    try {
      expected = await this.#publish({ ...message, id });
      if (told < expected) await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #publish(envelope: Envelope): Promise<number> {
    const { redis, keys } = this.#options;
    return publishCounted(redis, keys.peers, JSON.stringify(envelope));
  }

  async #receive(envelope: Envelope): Promise<void> {
    if (envelope.kind === 'told') {
      this.#waiting.get(envelope.id)?.();
      return;
    }
    try {
      await this.#options.onMessage(envelope);
      if (envelope.id !== undefined) await this.#publish({ kind: 'told', id: envelope.id });
    } catch (error) {
      this.#logger.warn(
        { err: error, kind: envelope.kind },
        'a message of another front door was not taken in',
      );
    }
  }
}
