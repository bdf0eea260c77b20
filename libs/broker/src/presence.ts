import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { connectPatient, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import type { CatalogueTimes } from './worker-record.ts';

export interface PresenceOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** Id of this front door. */
  readonly frontDoor: string;
  readonly times: CatalogueTimes;
}

/** Tells workers that this front door is alive, so that they stop its calls when it is not. */
export class Presence implements Service {
  readonly #options: PresenceOptions;
  readonly #redis: Redis;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#logger = options.source.logger;
    this.#redis = connectPatient(options.source, 'presence');
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
    await this.#tell();
    // Redis may come back without the key: workers wait only so long for it.
    this.#redis.on('ready', () => void this.#beat());
    this.#timer = setInterval(() => void this.#beat(), this.#options.times.heartbeatMs);
  }

  /** Its calls are answered by now: nobody needs to wait until the key expires. */
  async stop(): Promise<void> {
    const started = this.#timer !== undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { keys, frontDoor } = this.#options;
    if (started && this.#redis.status === 'ready') await this.#redis.del(keys.frontDoor(frontDoor));
    disconnect(this.#redis);
  }

  async #beat(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    try {
      await this.#tell();
    } catch (error) {
      this.#logger.warn({ err: error }, 'the front door could not say that it is alive');
    }
  }

  async #tell(): Promise<void> {
    const { keys, frontDoor, times } = this.#options;
    const key = keys.frontDoor(frontDoor);
    // To make it live longer takes no memory, which there may be none of.
    if ((await this.#redis.pexpire(key, times.workerTtlMs)) === 1) return;
    await this.#redis.set(key, '1', 'PX', times.workerTtlMs);
  }
}
