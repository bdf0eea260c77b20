import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { ClientAnswer } from './answer-sender.ts';
import type { Keys } from './keys.ts';
import { connectPatient, disconnect, type RedisSource, whenReady } from './redis.ts';

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
    this.#subscriber = connectPatient(options.source, 'answers');
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
      this.#options.onAnswer(JSON.parse(message) as ClientAnswer);
    } catch (error) {
      this.#logger.error({ err: error }, 'an answer of a client could not be read');
    }
  }
}
