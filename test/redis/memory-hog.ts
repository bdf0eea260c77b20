import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

const PREFIX = 'hog:';
const SIZES = [1_000_000, 100_000, 10_000, 1_000, 100, 10];

/** Between two looks for memory that was given back, in milliseconds. */
const LOOK_MS = 5;

/** Takes all the memory of a Redis that there is, and takes what others give back, until it is told to stop. */
export class MemoryHog {
  readonly #redis: Redis;
  #count = 0;
  #hungry = false;
  #eating: Promise<void> = Promise.resolve();

  constructor(url: string) {
    this.#redis = new Redis(url);
  }

  /** Resolves when there is no memory left. */
  async start(): Promise<void> {
    this.#hungry = true;
    await this.#eat();
    this.#eating = this.#goOn();
  }

  /** Gives all of it back. */
  async stop(): Promise<void> {
    this.#hungry = false;
    await this.#eating;
    const keys = await this.#redis.keys(`${PREFIX}*`);
    if (keys.length > 0) await this.#redis.del(...keys);
    this.#redis.disconnect();
  }

  async #goOn(): Promise<void> {
    while (this.#hungry) {
      await this.#eat();
      await pause(LOOK_MS);
    }
  }

  async #eat(): Promise<void> {
    for (const size of SIZES) while (await this.#bite(size));
  }

  /** @returns whether there was so much left */
  async #bite(size: number): Promise<boolean> {
    this.#count += 1;
    try {
      await this.#redis.set(`${PREFIX}${this.#count}`, 'x'.repeat(size));
      return true;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('OOM ')) return false;
      throw error;
    }
  }
}
