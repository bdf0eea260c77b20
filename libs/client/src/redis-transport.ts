import { randomBytes } from 'node:crypto';
import { DEFAULT_CATALOGUE_TIMES, Keys, type RedisSettings, redisSourceOf } from '@millrace/broker';
import { Classifier, ClusterServer, DEFAULT_LIMIT_SETTINGS, MessageRequests } from '@millrace/dispatch';
import { ENVELOPE_VERSION } from '@millrace/protocol';
import { bearerSeals } from '@millrace/security';
import { createLogger, type Logger } from '@millrace/service';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { Inbox } from './inbox.ts';
import { QueueCredentials } from './queue-credentials.ts';

export interface RedisTransportOptions {
  /** What all names in Redis begin with; `millrace` unless given, as with front doors and workers. */
  readonly prefix?: string;
  /** How long a call may take unless its tool says otherwise, and how long to wait for Redis; 30 s unless given. */
  readonly timeoutMs?: number;
  /** Needed where authentication is on. It is never sent: each call is signed with what follows from it. */
  readonly apiKey?: string;
  /** Where front doors and workers have `payloadKeys`: the same. */
  readonly payloadKeys?: readonly string[];
  /** Sentinels, nodes of a Redis Cluster, certificates: as front doors and workers have them in their settings. */
  readonly redis?: Partial<Omit<RedisSettings, 'redisUrl'>>;
  /** Silent unless given. */
  readonly logger?: Logger;
}

const TIMEOUT_MS = 30_000;

/** How often a session in use is prolonged, in milliseconds. */
const KEEP_SESSION_MS = 30_000;

/** What a front door has unless it is told otherwise. */
const SETTINGS = {
  ...DEFAULT_CATALOGUE_TIMES,
  pageSize: 1_000,
  sessionIdleMs: 1_800_000,
  maxListenStreams: 1_000,
  taskTtlMs: 3_600_000,
  taskPollMs: 1_000,
  taskAttempts: 3,
  taskBackoffMs: 1_000,
  envelopeVersion: ENVELOPE_VERSION,
  serverName: 'millrace',
  ...DEFAULT_LIMIT_SETTINGS,
} as const;

/**
 * An SDK transport for agents inside the network, for clients of both generations of the SDK: requests go straight
 * onto the queues, answers come back by pub/sub, and no front door is in between. Lists, sessions, tasks and
 * subscriptions are served in this process, by the same code and under the same rules as in a front door.
 */
export class RedisTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  readonly #timeoutMs: number;
  readonly #logger: Logger;
  readonly #cluster: ClusterServer;
  readonly #credentials: QueueCredentials;
  readonly #inbox = new Inbox((message) => this.onmessage?.(message));
  /** Absent before the start. */
  #requests: MessageRequests | undefined;
  #keepSession: NodeJS.Timeout | undefined;
  #phase: 'new' | 'open' | 'closed' = 'new';

  /**
   * @param url of the Redis that front doors and workers use
   * @throws Error when the API key has not the form of one
   */
  constructor(url: string, options: RedisTransportOptions = {}) {
    const { redis, prefix = 'millrace', timeoutMs = TIMEOUT_MS, apiKey, payloadKeys = [] } = options;
    const logger = options.logger ?? createLogger({ name: 'client', level: 'silent' });
    this.#timeoutMs = timeoutMs;
    this.#cluster = new ClusterServer({
      id: `c-${randomBytes(6).toString('hex')}`,
      settings: {
        ...SETTINGS,
        ...redis,
        redisUrl: url,
        prefix,
        callTimeoutMs: timeoutMs,
        payloadKeys: [...payloadKeys],
      },
      logger,
      ...(apiKey !== undefined && { seal: bearerSeals(apiKey) }),
    });
    const source = redisSourceOf({ ...redis, redisUrl: url }, logger);
    this.#credentials = new QueueCredentials({ source, keys: new Keys(prefix), apiKey });
    this.#logger = logger;
  }

  /** @throws Error when Redis cannot be reached in time, or the API key is missing or not good */
  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new Error('The transport was started already');
    this.#phase = 'open';
    await this.#inTime(this.#open());
    this.#cluster.watch();
    this.#keepSession = setInterval(() => this.#requests?.keepSession(), KEEP_SESSION_MS);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#phase !== 'open') throw new Error('The transport is not open');
    // Answers come by `onmessage`, whatever happens.
    void this.#requests?.receive(JSON.stringify(message));
  }

  /** Stops the work of requests under way, and leaves. */
  async close(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    clearInterval(this.#keepSession);
    await this.#requests?.close();
    this.#cluster.endStreams();
    await this.#cluster.stop();
    await this.#credentials.stop();
    this.onclose?.();
  }

  async #open(): Promise<void> {
    await this.#credentials.start();
    await this.#cluster.start();
    const { methods, state } = this.#cluster;
    const { changes, oneWay, sessions } = state;
    this.#requests = new MessageRequests(
      { classifier: new Classifier(), methods, oneWay, sessions, changes, logger: this.#logger },
      { send: (message) => this.#inbox.add(JSON.parse(message)), onAnswered: () => undefined },
      this.#credentials.identify,
    );
  }

  async #inTime(start: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`Redis could not be reached within ${this.#timeoutMs} ms`);
      timer = setTimeout(() => reject(error), this.#timeoutMs);
    });
    try {
      await Promise.race([start, late]);
    } catch (error) {
      // What was begun ends with an error of its own, which adds nothing.
      start.catch(() => undefined);
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
