import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { MillraceError } from '@millrace/protocol';
import type { Redis } from 'ioredis';

/** What a text in Redis is; one that was put there as one thing cannot be read as another. */
export type Payload =
  | 'answer'
  | 'batch'
  | 'cache'
  | 'event'
  | 'frames'
  | 'idempotency'
  | 'last-good'
  | 'letter'
  | 'task';

/** Makes arguments and results unreadable before they go into Redis, and readable again. */
export interface PayloadCipher {
  /** Whether it leaves everything as it is. */
  readonly inert: boolean;
  seal(text: string, what: Payload): string;
  /** @throws MillraceError `no_migration` when it was sealed with a key that is not here, or changed */
  open(text: string, what: Payload): string;
}

/** Leaves everything as it is. Sealed text is refused, for it could only be passed on as garbage. */
const PLAIN: PayloadCipher = {
  inert: true,
  seal: (text) => text,
  open: (text) => {
    if (text.startsWith(MARK)) throw unreadable('it is encrypted, and MILLRACE_PAYLOAD_KEYS is not set here');
    return text;
  },
};

/** What no JSON begins with, and no frames. */
const MARK = 'e1.';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A key as it is configured: its name, a colon, and 32 bytes in Base64. */
export const PAYLOAD_KEY = /^[\w-]{1,32}:[A-Za-z\d+/_-]{43}=?$/;

/** Seals with AES-256-GCM. Text names its key, so that one key can follow another while all goes on. */
export class AesCipher implements PayloadCipher {
  readonly inert = false;
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #current: string;

  /** @param keys as `PAYLOAD_KEY` says; the first one seals, all of them open */
  constructor(keys: readonly string[]) {
    const pairs = keys.map((text) => [text.slice(0, text.indexOf(':')), keyOf(text)] as const);
    const [current] = pairs;
    if (!current) throw new Error('there is no key');
    this.#keys = new Map(pairs);
    this.#current = current[0];
  }

  seal(text: string, what: Payload): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key(this.#current), iv);
    cipher.setAAD(Buffer.from(what));
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${MARK}${this.#current}.${sealed.toString('base64')}`;
  }

  /** Text that is not sealed was there before encryption was switched on, and is taken as it is. */
  open(text: string, what: Payload): string {
    if (!text.startsWith(MARK)) return text;
    const dot = text.indexOf('.', MARK.length);
    const key = this.#key(text.slice(MARK.length, dot));
    const sealed = Buffer.from(text.slice(dot + 1), 'base64');
    try {
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(what)).setAuthTag(sealed.subarray(-TAG_BYTES));
      return (
        decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch (cause) {
      throw unreadable('it was changed, or is something else', cause);
    }
  }

  #key(name: string): Buffer {
    const key = this.#keys.get(name);
    if (!key) throw unreadable(`MILLRACE_PAYLOAD_KEYS has no key "${name}" here`);
    return key;
  }
}

const CIPHERS = new WeakMap<Redis, PayloadCipher>();

/** What goes over the connection as a payload is sealed from now on. */
export function useCipher(redis: Redis, cipher: PayloadCipher): void {
  CIPHERS.set(redis, cipher);
}

/** How payloads that go over the connection are sealed. */
export function cipherOf(redis: Redis): PayloadCipher {
  return CIPHERS.get(redis) ?? PLAIN;
}

/** For what can be done without: undefined where it cannot be read. */
export function tryOpen(redis: Redis, text: string, what: Payload): string | undefined {
  try {
    return cipherOf(redis).open(text, what);
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}

function keyOf(text: string): Buffer {
  const key = Buffer.from(text.slice(text.indexOf(':') + 1), 'base64');
  if (key.length !== KEY_BYTES)
    throw new Error(`a payload key has ${key.length} bytes, expected ${KEY_BYTES}`);
  return key;
}

function unreadable(why: string, cause?: unknown): MillraceError {
  return new MillraceError('no_migration', `A payload cannot be read: ${why}`, { cause });
}
