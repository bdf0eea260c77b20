import { randomUUID } from 'node:crypto';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { connectFailFast, connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';

type Listener = (key: string | undefined) => void;

/** On the channel: who tells, a space, and the key that changed. */
const MESSAGE = /^(\S+) (.*)$/s;

/**
 * How workers tell each other which entries of a shared store have changed. A worker does not hear itself. The
 * listener gets undefined when something may have been missed.
 */
export class StateChannel implements Service {
  readonly #channel: string;
  readonly #logger: Logger;
  readonly #id = randomUUID();
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  #listener: Listener = () => {};
  #hears = false;

  constructor(source: RedisSource, keys: Keys) {
    this.#channel = keys.stateChanges;
    this.#logger = source.logger;
    this.#publisher = connectFailFast(source, 'state-changes');
    this.#subscriber = connectSubscriber(source, 'state-changes-told', this.#channel);
    this.#subscriber.on('message', (_channel, message) => this.#receive(message));
    this.#subscriber.on('close', () => this.#deafen());
  }

  /** Whether it hears of every change at this moment. */
  get hears(): boolean {
    return this.#hears;
  }

  onInvalid(listener: Listener): void {
    this.#listener = listener;
  }

  async start(): Promise<void> {
    await Promise.all([whenReady(this.#publisher), whenReady(this.#subscriber)]);
    await this.#listen();
    this.#subscriber.on('ready', () => void this.#resume());
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
    disconnect(this.#publisher);
  }

  /** Resolves when Redis has told the others. Never rejects: who is not told reads anew within seconds anyway. */
  async tell(key: string): Promise<void> {
    try {
      await this.#publisher.publish(this.#channel, `${this.#id} ${key}`);
    } catch (error) {
      this.#logger.warn({ err: error }, 'other workers were not told of changed state');
    }
  }

  async #listen(): Promise<void> {
    await this.#subscriber.subscribe(this.#channel);
    this.#listener(undefined);
    this.#hears = true;
  }

  /** ioredis restores subscriptions by itself; subscribing again tells us when that has been answered. */
  async #resume(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      this.#logger.warn({ err: error }, 'the channel of changed state could not be resumed');
    }
  }

  #deafen(): void {
    this.#hears = false;
    this.#listener(undefined);
  }

  #receive(message: string): void {
    const [, from, key] = MESSAGE.exec(message) ?? [];
    if (key !== undefined && from !== this.#id) this.#listener(key);
  }
}
