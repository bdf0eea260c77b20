import type { Logger } from '@millrace/service';
import type { RedisOptions } from 'ioredis';
import type { PayloadCipher } from './payload-cipher.ts';

/** How one server is reached; answers come as ioredis gives them by default. */
export type ServerOptions = Omit<RedisOptions, 'replyMapping'>;

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Which Redis to use, and who is told how it goes. */
export interface RedisSource {
  /** `redis://` or `rediss://` URL: user, password and TLS for all servers; host and port where there is one server. */
  readonly url: string;
  readonly logger: Logger;
  /** Who knows which of several servers is the master. */
  readonly sentinels?: {
    readonly addresses: readonly RedisAddress[];
    readonly master: string;
    readonly password?: string;
  };
  /** Some nodes of a Redis Cluster, which know the others. */
  readonly clusterNodes?: readonly RedisAddress[];
  /** Certificates, in PEM, of who may sign that of Redis, besides those that Node.js knows. */
  readonly ca?: string;
  /** Makes payloads unreadable to whoever else reads Redis; absent where they go as they are. */
  readonly cipher?: PayloadCipher;
}
