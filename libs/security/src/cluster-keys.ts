import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a signature is for; one made for the one is never good for the other. */
export type Purpose = 'call' | 'batch' | 'key' | 'audit';

/** Shortest secret that is taken, in characters. */
export const MIN_SECRET_LENGTH = 32;

/**
 * The secret that the processes of a cluster share and Redis does not know. Whatever grants something and lies in Redis
 * is signed with it, so that write access to Redis grants nothing.
 */
export class ClusterKeys {
  readonly #current: KeyObject;
  readonly #accepted: readonly KeyObject[];

  /** @param previous still accepted, while a cluster goes from one secret to the next */
  constructor(current: string, previous?: string) {
    this.#current = keyOf(current);
    this.#accepted = previous ? [this.#current, keyOf(previous)] : [this.#current];
  }

  sign(purpose: Purpose, text: string): string {
    return mac(this.#current, purpose, text);
  }

  verifies(purpose: Purpose, text: string, signature: string): boolean {
    return this.#accepted.some((key) => equal(mac(key, purpose, text), signature));
  }
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret));
}

function mac(key: KeyObject, purpose: Purpose, text: string): string {
  return createHmac('sha256', key).update(`millrace:${purpose}\n${text}`).digest('base64url');
}

/** Takes the same time wherever the two differ. */
function equal(expected: string, given: string): boolean {
  if (given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(given, 'latin1'));
}
