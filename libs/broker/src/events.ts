import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import { Tick } from './tick.ts';

/** Something that has changed and that clients anywhere may want to know of. */
export type ClusterEvent =
  | { readonly kind: 'resource_updated'; readonly uri: string }
  /** Cached results with these tags count no more. */
  | { readonly kind: 'invalidated'; readonly tags: readonly string[] }
  /** @param task id of the task; how it stands is in the task store */
  | { readonly kind: 'task'; readonly task: string };

/** Tells the cluster what has changed. The same event twice in one turn of the event loop is told once. */
export class EventPublisher {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #logger: Logger;
  readonly #tick = new Tick<string>((messages) => this.#publish(new Set(messages)));

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#redis = redis;
    this.#keys = keys;
    this.#logger = logger;
  }

  publish(event: ClusterEvent): void {
    this.#tick.add(JSON.stringify(event));
  }

  #publish(messages: ReadonlySet<string>): void {
    for (const message of messages) {
      this.#redis.publish(this.#keys.events, message).catch((error: Error) => {
        this.#logger.warn({ err: error, event: message }, 'an event was not told');
      });
    }
  }
}

export interface EventSubscriberOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly onEvent: (event: ClusterEvent) => void;
  /** Told when it hears again after Redis was away: what happened meanwhile it has not heard. */
  readonly onResumed?: () => void;
}

/** Hears of everything that has changed in the cluster. */
export class EventSubscriber implements Service {
  readonly #options: EventSubscriberOptions;
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  #hears = false;

  constructor(options: EventSubscriberOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#subscriber = connectSubscriber(options.source, 'events', options.keys.events);
    this.#subscriber.on('message', (_channel, message) => this.#receive(message));
  }

  /** Whether it hears everything at this moment. */
  get hears(): boolean {
    return this.#hears;
  }

  async start(): Promise<void> {
    await whenReady(this.#subscriber);
    await this.#subscriber.subscribe(this.#options.keys.events);
    this.#hears = true;
    this.#subscriber.on('close', () => {
      this.#hears = false;
    });
    this.#subscriber.on('ready', () => void this.#resume());
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
  }

  /** ioredis restores subscriptions by itself; subscribing again tells us when that has been answered. */
  async #resume(): Promise<void> {
    try {
      await this.#subscriber.subscribe(this.#options.keys.events);
      this.#hears = true;
      this.#options.onResumed?.();
    } catch (error) {
      this.#logger.warn({ err: error }, 'the channel of events could not be resumed');
    }
  }

  #receive(message: string): void {
    try {
      this.#options.onEvent(JSON.parse(message) as ClusterEvent);
    } catch (error) {
      this.#logger.error({ err: error }, 'an event could not be handled');
    }
  }
}
