import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import { Tick } from './tick.ts';

interface Cancellation {
  readonly pool: string;
  readonly call: string;
}

/** The front door's side: tells the workers of a pool that nobody waits for a call any more. */
export class CancellationSender {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #logger: Logger;
  readonly #tick = new Tick<Cancellation>((cancellations) => this.#publish(cancellations));

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#redis = redis;
    this.#keys = keys;
    this.#logger = logger;
  }

  send(pool: string, call: string): void {
    this.#tick.add({ pool, call });
  }

  /** Hands over to Redis at once what was sent. */
  flush(): void {
    this.#tick.flush();
  }

  #publish(cancellations: readonly Cancellation[]): void {
    for (const pool of new Set(cancellations.map((one) => one.pool))) {
      const calls = cancellations.filter((one) => one.pool === pool).map((one) => one.call);
      this.#redis.publish(this.#keys.cancellations(pool), JSON.stringify(calls)).catch((error: Error) => {
        // The work then ends at its deadline instead: wasteful, not wrong.
        this.#logger.debug({ err: error, pool, calls }, 'a cancellation was not sent');
      });
    }
  }
}

export interface CancellationListenerOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly pools: readonly string[];
  readonly onCancelled: (call: string) => void;
  /** Told which front door may have missed answers, because its connection broke. */
  readonly onMissed?: (frontDoor: string) => void;
}

/** The worker's side: hears of cancelled calls of its pools, and of front doors that ask for their answers again. */
export class CancellationListener implements Service {
  readonly #options: CancellationListenerOptions;
  readonly #subscriber: Redis;

  constructor(options: CancellationListenerOptions) {
    this.#options = options;
    this.#subscriber = connectSubscriber(
      options.source,
      'cancellations',
      options.keys.cancellations(options.pools[0] ?? ''),
    );
    this.#subscriber.on('message', (channel, message) => {
      if (channel === options.keys.missedReplies) options.onMissed?.(message);
      else for (const call of JSON.parse(message) as string[]) options.onCancelled(call);
    });
  }

  async start(): Promise<void> {
    await whenReady(this.#subscriber);
    const { keys, pools } = this.#options;
    await this.#subscriber.subscribe(keys.missedReplies, ...pools.map((pool) => keys.cancellations(pool)));
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
  }
}
