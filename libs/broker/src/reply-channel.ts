import { decodeFrames, type Frame } from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';
import { connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';

export interface ReplyChannelOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly frontDoor: string;
  /** Newest version of the frames that is read; this release's own unless given. */
  readonly envelope?: number;
  readonly onFrame: (frame: Frame) => void;
  /** Called when the subscription stands again after Redis was away: answers may have been stored meanwhile. */
  readonly onResumed: () => void;
}

/** The one subscription on which a front door receives the frames of all its calls. */
export class ReplyChannel implements Service {
  readonly #options: ReplyChannelOptions;
  readonly #subscriber: Redis;
  readonly #logger: Logger;

  constructor(options: ReplyChannelOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#subscriber = connectSubscriber(options.source, 'replies', options.keys.replies(options.frontDoor));
    this.#subscriber.on('message', (_channel, message) => this.#receive(message));
  }

  async start(): Promise<void> {
    await whenReady(this.#subscriber);
    const channel = this.#options.keys.replies(this.#options.frontDoor);
    await this.#subscriber.subscribe(channel);
    // ioredis restores subscriptions by itself; subscribing again tells us when that has been answered.
    this.#subscriber.on('ready', () => {
      this.#subscriber.subscribe(channel).then(this.#options.onResumed, (error: Error) => {
        this.#logger.warn({ err: error }, 'the reply channel could not be resumed');
      });
    });
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
  }

  #receive(message: string): void {
    try {
      const text = cipherOf(this.#subscriber).open(message, 'frames');
      for (const frame of decodeFrames(text, this.#options.envelope)) this.#pass(frame);
    } catch (error) {
      this.#logger.error({ err: error }, 'a reply could not be read');
    }
  }

  /** A call whose answer cannot be handled must not cost the others theirs. */
  #pass(frame: Frame): void {
    try {
      this.#options.onFrame(frame);
    } catch (error) {
      this.#logger.error({ err: error, call: frame.call }, 'a reply could not be handled');
    }
  }
}
