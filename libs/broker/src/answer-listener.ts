import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { ClientAnswer } from './answer-sender.ts';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';
import { connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';

export interface AnswerListenerOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** Id of this worker, with which the ids of its requests begin. */
  readonly worker: string;
  readonly onAnswer: (answer: ClientAnswer) => void;
}

/** The worker's side: hears what clients answer to its requests. */
export class AnswerListener implements Service {
  readonly #options: AnswerListenerOptions;
  readonly #subscriber: Redis;
  readonly #logger: Logger;

  constructor(options: AnswerListenerOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#subscriber = connectSubscriber(
      options.source,
      'answers',
      options.keys.workerChannel(options.worker),
    );
    this.#subscriber.on('message', (_channel, message) => this.#receive(message));
  }

  async start(): Promise<void> {
    await whenReady(this.#subscriber);
    await this.#subscriber.subscribe(this.#options.keys.workerChannel(this.#options.worker));
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
  }

  #receive(message: string): void {
    try {
      const text = cipherOf(this.#subscriber).open(message, 'answer');
      this.#options.onAnswer(JSON.parse(text) as ClientAnswer);
    } catch (error) {
      this.#logger.error({ err: error }, 'an answer of a client could not be read');
    }
  }
}
