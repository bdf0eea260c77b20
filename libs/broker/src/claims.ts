import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { execAll, type KeyedCommand } from './exec-all.ts';
import type { Keys } from './keys.ts';

/** How long past its deadline a claim stays, so that a late second delivery still finds it. */
const MARGIN_MS = 60_000;

/** One claim to take. */
export interface ClaimRequest {
  readonly call: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

/** Guards calls that must not run twice: whoever claims a call first may run it, nobody else ever. */
export class Claims {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #owner: string;

  constructor(redis: Redis, keys: Keys, owner: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#owner = owner;
  }

  /** Claims all these calls in one round trip. @returns the ids of those that were free until now */
  async take(requests: readonly ClaimRequest[]): Promise<Set<string>> {
    const claimant = `${this.#owner}/${randomUUID()}`;
    const commands = requests.map(({ call, deadline }): KeyedCommand => {
      const ttlMs = Math.max(0, deadline - Date.now()) + MARGIN_MS;
      return ['set', this.#keys.claim(call), claimant, 'PX', ttlMs, 'NX'];
    });
    const taken = new Set<string>();
    const refused: string[] = [];
    for (const [index, answer] of (await execAll(this.#redis, commands)).entries()) {
      const request = requests[index];
      if (request && answer === 'OK') taken.add(request.call);
      else if (request) refused.push(request.call);
    }
    for (const call of await this.#heldBy(claimant, refused)) taken.add(call);
    return taken;
  }

  /** A command whose answer was lost with the connection is sent again, and then finds its own claim. */
  async #heldBy(claimant: string, calls: readonly string[]): Promise<string[]> {
    const holders = await Promise.all(calls.map((call) => this.#redis.get(this.#keys.claim(call))));
    return calls.filter((_, at) => holders[at] === claimant);
  }

  /** Gives up a claim on a call that was not begun. */
  async release(call: string): Promise<void> {
    await this.#redis.del(this.#keys.claim(call));
  }
}
