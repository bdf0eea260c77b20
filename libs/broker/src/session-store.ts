import { randomUUID } from 'node:crypto';
import { ANONYMOUS, isLogLevel, type JsonObject, type LogLevel, type Revision } from '@millrace/protocol';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** What the cluster knows of one client of the session era. */
export interface SessionRecord {
  readonly id: string;
  /** Id of the principal who opened it; nobody else may use it. */
  readonly principal: string;
  /** Tenant of that principal. */
  readonly tenant: string;
  readonly revision: Revision;
  readonly capabilities: JsonObject;
  /** Least severe log message that the client wants. */
  readonly logLevel?: LogLevel;
}

/** Sessions in Redis, so that every replica serves every session. They end when nobody uses them for a while. */
export class SessionStore {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #idleMs: number;

  /** @param idleMs how long a session lives unused, in milliseconds */
  constructor(redis: Redis, keys: Keys, idleMs: number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#idleMs = idleMs;
  }

  async create(session: Omit<SessionRecord, 'id'>): Promise<SessionRecord> {
    const id = randomUUID();
    const fields = {
      principal: session.principal,
      tenant: session.tenant,
      revision: session.revision,
      capabilities: JSON.stringify(session.capabilities),
    };
    const key = this.#keys.session(id);
    await this.#transaction((multi) => multi.hset(key, fields).pexpire(key, this.#idleMs));
    return { id, ...session };
  }

  /** @returns undefined when it never was, ended, or expired */
  async find(id: string): Promise<SessionRecord | undefined> {
    const { principal, tenant, revision, capabilities, logLevel } = await this.#redis.hgetall(
      this.#keys.session(id),
    );
    if (principal === undefined || revision === undefined) return undefined;
    return {
      id,
      principal,
      // Sessions of releases that knew no tenants.
      tenant: tenant ?? ANONYMOUS.tenant,
      revision,
      capabilities: JSON.parse(capabilities ?? '{}') as JsonObject,
      ...(isLogLevel(logLevel) && { logLevel }),
    };
  }

  /** Puts off the end of a session, because it is used. @returns whether it still was */
  async touch(id: string): Promise<boolean> {
    const [session] = await Promise.all([
      this.#redis.pexpire(this.#keys.session(id), this.#idleMs),
      this.#redis.pexpire(this.#keys.subscriptions(id), this.#idleMs),
    ]);
    return session === 1;
  }

  async setLogLevel(id: string, level: LogLevel): Promise<void> {
    await this.#redis.hset(this.#keys.session(id), 'logLevel', level);
  }

  async subscribe(id: string, uri: string): Promise<void> {
    const key = this.#keys.subscriptions(id);
    await this.#transaction((multi) => multi.sadd(key, uri).pexpire(key, this.#idleMs));
  }

  async unsubscribe(id: string, uri: string): Promise<void> {
    await this.#redis.srem(this.#keys.subscriptions(id), uri);
  }

  /** URIs of the resources whose changes the client wants to hear of. */
  async subscriptions(id: string): Promise<Set<string>> {
    return new Set(await this.#redis.smembers(this.#keys.subscriptions(id)));
  }

  /** @returns whether there was one to end */
  async end(id: string): Promise<boolean> {
    const [session] = await Promise.all([
      this.#redis.del(this.#keys.session(id)),
      this.#redis.del(this.#keys.subscriptions(id)),
    ]);
    return session === 1;
  }

  async #transaction(
    build: (multi: ReturnType<Redis['multi']>) => ReturnType<Redis['multi']>,
  ): Promise<void> {
    for (const [error] of (await build(this.#redis.multi()).exec()) ?? []) if (error) throw error;
  }
}
