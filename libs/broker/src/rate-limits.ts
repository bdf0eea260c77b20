import type { RateLimitRule } from '@millrace/protocol';
import { type Clock, type Service, systemClock } from '@millrace/service';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Keys } from './keys.ts';
import type { LimitStanding, TokenGrant } from './rate-limit.ts';
import { connectFailFast, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import { Script } from './script.ts';
import { TokenLease } from './token-lease.ts';

const SCRIPTS = {
  'sliding-window': new Script('sliding-window'),
  'token-bucket': new Script('token-bucket'),
};

/** Limits whose tokens are remembered at most; those unused for longest are forgotten, with the tokens they held. */
const CAPACITY = 10_000;

/** After a failure nobody waits for Redis again for so long. */
const PAUSE_MS = 1_000;

export interface RateLimitsOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** How long a call waits for Redis at most, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock?: Clock;
}

/** Limits that all front doors share, by name. */
export class RateLimits implements Service {
  readonly #options: RateLimitsOptions;
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #leases = new LRUCache<string, TokenLease>({ max: CAPACITY });
  #ready: Promise<void> | undefined;
  #pausedUntil = 0;

  constructor(options: RateLimitsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#redis = connectFailFast(options.source, 'rate-limits');
  }

  /** Nothing to do: the connection is made with the first limit that is used. */
  async start(): Promise<void> {}

  async stop(): Promise<void> {
    disconnect(this.#redis);
  }

  /**
   * Takes one call of a limit, at once where that can be decided without Redis.
   *
   * Rejects when Redis cannot say in time.
   *
   * @param name of the limit; the same name with another rule is another limit
   */
  take(name: string, rule: RateLimitRule): LimitStanding | Promise<LimitStanding> {
    return this.#lease(name, rule).take();
  }

  /** Takes back the last `take` of a call that was not made. */
  giveBack(name: string, rule: RateLimitRule): void {
    this.#lease(name, rule).giveBack();
  }

  #lease(name: string, rule: RateLimitRule): TokenLease {
    const key = this.#options.keys.rateLimit(`${rule.algorithm}:${rule.limit}:${rule.windowMs}:${name}`);
    const known = this.#leases.get(key);
    if (known) return known;
    const borrow = (wanted: number) => this.#borrow(key, rule, wanted);
    const lease = new TokenLease({ rule, borrow, clock: this.#clock });
    this.#leases.set(key, lease);
    return lease;
  }

  async #borrow(key: string, rule: RateLimitRule, wanted: number): Promise<TokenGrant> {
    if (this.#clock.now() < this.#pausedUntil) throw new Error('Redis did not serve rate limits just now');
    try {
      return await this.#inTime(this.#ask(key, rule, wanted));
    } catch (error) {
      this.#pausedUntil = this.#clock.now() + PAUSE_MS;
      throw error;
    }
  }

  async #ask(
    key: string,
    { algorithm, limit, windowMs }: RateLimitRule,
    wanted: number,
  ): Promise<TokenGrant> {
    this.#ready ??= whenReady(this.#redis);
    await this.#ready;
    const answer = await SCRIPTS[algorithm].run(this.#redis, [key], [limit, windowMs, wanted]);
    const [granted = 0, remaining = 0, resetMs = 0, retryAfterMs = 0] = answer as number[];
    return { granted, remaining, resetMs, retryAfterMs };
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    const late = Promise.withResolvers<never>();
    const error = () => late.reject(new Error(`Redis did not serve a rate limit within ${timeoutMs} ms`));
    const timer = setTimeout(error, timeoutMs);
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      clearTimeout(timer);
      // Should it fail later, that has been said already.
      work.catch(() => undefined);
    }
  }
}
