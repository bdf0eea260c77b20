import {
  AccessNotice,
  ApiKeyTable,
  connectFailFast,
  disconnect,
  type Keys,
  type RedisSource,
  whenReady,
} from '@millrace/broker';
import type { Identify } from '@millrace/dispatch';
import { MillraceError } from '@millrace/protocol';
import { AccessPolicy, KeyRing, NO_AUTHORIZATION, readNotice } from '@millrace/security';
import { type Service, systemClock } from '@millrace/service';

export interface QueueCredentialsOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly apiKey: string | undefined;
}

/**
 * Who an agent is that uses the queues itself. It is held to what its key allows here already, as in a front door; what
 * it gets past that, the workers refuse.
 */
export class QueueCredentials implements Service {
  readonly #options: QueueCredentialsOptions;
  readonly #redis: ReturnType<typeof connectFailFast>;
  #keyRing: KeyRing | undefined;

  constructor(options: QueueCredentialsOptions) {
    this.#options = options;
    this.#redis = connectFailFast(options.source, 'api-keys');
  }

  /** Absent where nobody is authenticated. */
  get identify(): Identify | undefined {
    const { apiKey } = this.#options;
    const ring = this.#keyRing;
    return ring && apiKey !== undefined ? () => ring.authenticate(apiKey) : undefined;
  }

  /** @throws MillraceError `unauthenticated` when a key is wanted and there is none, or it is not good */
  async start(): Promise<void> {
    const { keys, apiKey, source } = this.#options;
    await whenReady(this.#redis);
    const text = await new AccessNotice(this.#redis, keys).read();
    const notice = text === undefined ? undefined : readNotice(text);
    if (apiKey === undefined) {
      if (!notice) return;
      throw new MillraceError('unauthenticated', 'The workers want an API key: give one as `apiKey`');
    }
    this.#keyRing = new KeyRing({
      records: new ApiKeyTable(this.#redis, keys),
      policy: new AccessPolicy(notice?.authorization ?? NO_AUTHORIZATION),
      clock: systemClock,
      logger: source.logger,
    });
    await this.#keyRing.start();
    await this.#keyRing.authenticate(apiKey);
  }

  async stop(): Promise<void> {
    await this.#keyRing?.stop();
    disconnect(this.#redis);
  }
}
