import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { connectPatient, disconnect, type RedisSource, whenReady } from './redis.ts';

/** What front doors tell each other. */
export type PeerMessage =
  /** A session was changed or ended: what is known of it is out of date. */
  | { readonly kind: 'session'; readonly session: string }
  /** A client of a session cancelled one of its requests. */
  | { readonly kind: 'cancel'; readonly session: string; readonly request: string | number }
  /** A client came back for a stream: whoever writes it tells of each event from now on. */
  | { readonly kind: 'resumed'; readonly stream: string }
  /** A stream that somebody came back for has new events. */
  | { readonly kind: 'stream'; readonly stream: string };

export interface PeerChannelOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** Connection to publish with. */
  readonly redis: Redis;
  /** Told of every message, also of those sent by this front door. */
  readonly onMessage: (message: PeerMessage) => void;
}

/** The channel between all front doors. */
export class PeerChannel implements Service {
  readonly #options: PeerChannelOptions;
  readonly #subscriber: Redis;
  readonly #logger: Logger;

  constructor(options: PeerChannelOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#subscriber = connectPatient(options.source, 'peers');
    this.#subscriber.on('message', (_channel, text) => options.onMessage(JSON.parse(text) as PeerMessage));
  }

  async start(): Promise<void> {
    await whenReady(this.#subscriber);
    await this.#subscriber.subscribe(this.#options.keys.peers);
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
  }

  send(message: PeerMessage): void {
    const { redis, keys } = this.#options;
    redis.publish(keys.peers, JSON.stringify(message)).catch((error: Error) => {
      this.#logger.warn({ err: error, kind: message.kind }, 'the other front doors were not told');
    });
  }
}
