import { findRedis, type LocalRedis } from '@millrace/broker';
import { type Logger, OperatorError, type Service } from '@millrace/service';

/** The Redis that all programs share: the one that the user has, or a private one that ends with this process. */
export class RedisService implements Service {
  readonly #wanted: { readonly url: string | undefined; readonly logger: Logger };
  readonly #failure = Promise.withResolvers<never>();
  #redis: LocalRedis | undefined;

  /** @param url of the Redis to use; undefined starts a private one */
  constructor(url: string | undefined, logger: Logger) {
    this.#wanted = { url, logger };
    this.#failure.promise.catch(() => undefined);
  }

  /** Rejects when a private server ends without being asked to. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** @throws Error before `start` is done */
  get url(): string {
    if (!this.#redis) throw new Error('Redis is not started yet');
    return this.#redis.url;
  }

  async start(): Promise<void> {
    this.#redis ??= await findRedis(this.#wanted);
    this.#redis.lost.then((output) =>
      this.#failure.reject(new OperatorError(`the private Redis ended by itself: ${output}`)),
    );
  }

  async stop(): Promise<void> {
    await this.#redis?.stop();
  }
}
