import { randomBytes } from 'node:crypto';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** How long the key outlives the last worker that used it, in milliseconds. */
const TTL_MS = 86_400_000;

/** How often a worker makes sure that the fleet still agrees, in milliseconds. */
const RENEW_MS = 60_000;

const KEY_BYTES = 32;

export interface StateKeyOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly logger: Logger;
  /** The operator's own secret; then Redis is not asked. */
  readonly configured?: string;
  /** Gets the secret, and each later one: after Redis lost the first, the fleet agrees on another. */
  readonly onKey: (key: string) => void;
}

/** The one secret with which all workers sign what calls keep between their rounds. */
export class StateKey implements Service {
  readonly #options: StateKeyOptions;
  #key: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StateKeyOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { configured, onKey } = this.#options;
    if (configured !== undefined) return onKey(configured);
    await this.renew();
    this.#timer = setInterval(() => void this.#renewQuietly(), RENEW_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Keeps the fleet's key alive, and proposes this worker's where there is none: the first proposal counts. */
  async renew(): Promise<void> {
    const { redis, keys, onKey } = this.#options;
    const proposal = this.#key ?? randomBytes(KEY_BYTES).toString('base64url');
    await redis.set(keys.stateKey, proposal, 'PX', TTL_MS, 'NX');
    const agreed = (await redis.getex(keys.stateKey, 'PX', TTL_MS)) ?? proposal;
    if (agreed === this.#key) return;
    this.#key = agreed;
    onKey(agreed);
  }

  async #renewQuietly(): Promise<void> {
    try {
      await this.renew();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the key for request states was not renewed');
    }
  }
}
