import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { connectFailFast, connectSubscriber, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import type { Script } from './script.ts';

/** How long a call waits for what a policy asks Redis, in milliseconds; then it goes on without. */
const PATIENCE_MS = 500;

/** Says that Redis did not answer in time. */
const SLOW = new Error('Redis took too long to answer');

/**
 * The connections of the policies that a fleet shares: one to ask with, which is never waited for long, and one to
 * hear what others tell.
 */
export class PolicyLink implements Service {
  readonly logger: Logger;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #listeners = new Map<string, (message: string) => void>();
  readonly #onResumed: (() => Promise<void>)[] = [];

  constructor(source: RedisSource) {
    this.logger = source.logger;
    this.#redis = connectFailFast(source, 'policies');
    this.#subscriber = connectSubscriber(source, 'policies-told', 'policies');
    this.#subscriber.on('message', (channel, message) => this.#receive(channel, message));
  }

  /** Before `start`: hears what is told on a channel. */
  hear(channel: string, listener: (message: string) => void): void {
    this.#listeners.set(channel, listener);
  }

  /** Before `start`: what has to be read at the start, and whenever something may have been missed. */
  onResumed(read: () => Promise<void>): void {
    this.#onResumed.push(read);
  }

  async start(): Promise<void> {
    await Promise.all([whenReady(this.#redis), whenReady(this.#subscriber)]);
    await this.#resume();
    this.#subscriber.on('ready', () => void this.#resume());
  }

  async stop(): Promise<void> {
    disconnect(this.#subscriber);
    disconnect(this.#redis);
  }

  /** Rejects when Redis is away, refuses, or is slow. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.ask((redis) => script.run(redis, keys, args));
  }

  /** Rejects when Redis is away, refuses, or is slow. */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(SLOW), PATIENCE_MS);
    return Promise.race([question(this.#redis), late.promise]).finally(() => clearTimeout(timer));
  }

  /** Subscribing again tells when ioredis has restored the subscriptions; what was told before that is read. */
  async #resume(): Promise<void> {
    try {
      await this.#subscriber.subscribe(...this.#listeners.keys());
      await whenReady(this.#redis);
      await Promise.all(this.#onResumed.map((read) => read()));
    } catch (error) {
      this.logger.warn({ err: error }, 'what the policies share could not be read');
    }
  }

  #receive(channel: string, message: string): void {
    try {
      this.#listeners.get(channel)?.(message);
    } catch (error) {
      this.logger.error({ err: error, channel }, 'what a policy was told could not be handled');
    }
  }
}
