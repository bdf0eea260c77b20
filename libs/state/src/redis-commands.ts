import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { unavailable } from './state-error.ts';

/** As much of a Redis client as the stores need; ioredis fits. */
export interface RedisCommands {
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
}

/** Runs one command. @throws StateError `unavailable`, with what Redis or the connection said as its cause */
export async function ask(
  redis: RedisCommands,
  command: string,
  ...args: (string | number)[]
): Promise<unknown> {
  try {
    return await redis.call(command, ...args);
  } catch (error) {
    throw unavailable('Redis', error);
  }
}

/** A Lua script of `scripts/`, sent by its hash and loaded where Redis does not know it yet. */
export class Script {
  readonly #source: string;
  readonly #sha: string;

  constructor(name: string) {
    this.#source = readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
    this.#sha = createHash('sha1').update(this.#source).digest('hex');
  }

  /** @throws StateError `unavailable` */
  async run(redis: RedisCommands, key: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.call('EVALSHA', this.#sha, 1, key, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT')))
        throw unavailable('Redis', error);
      return ask(redis, 'EVAL', this.#source, 1, key, ...args);
    }
  }
}
