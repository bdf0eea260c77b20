import { decodeFrames, encodeFrames, type Frame, type TerminalFrame } from '@millrace/protocol';
import type { Redis } from 'ioredis';
import { execAll, type KeyedCommand } from './exec-all.ts';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';

/** How long an answer waits for its front door to come back, in milliseconds. */
const TTL_MS = 120_000;

/** Calls asked for by one command. */
const CHUNK = 500;

/** Terminal frames that were published while their front door was not listening. */
export class StoredReplies {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #envelope: number | undefined;

  /** @param envelope newest version of the frames that are read; this release's own unless given */
  constructor(redis: Redis, keys: Keys, envelope?: number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#envelope = envelope;
  }

  /** @param version of the frames that their front door reads */
  async store(frames: readonly TerminalFrame[], version?: number): Promise<void> {
    // The first answer stands, like with a front door that listens.
    const commands = frames.map((frame): KeyedCommand => {
      return [
        'set',
        this.#keys.storedReply(frame.call),
        cipherOf(this.#redis).seal(encodeFrames([frame], version), 'frames'),
        'PX',
        TTL_MS,
        'NX',
      ];
    });
    await execAll(this.#redis, commands);
  }

  /** Takes the stored answers of these calls, each once. */
  async take(calls: readonly string[]): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (let at = 0; at < calls.length; at += CHUNK) {
      const commands = calls
        .slice(at, at + CHUNK)
        .map((call): KeyedCommand => ['getdel', this.#keys.storedReply(call)]);
      for (const message of await execAll(this.#redis, commands)) {
        if (typeof message === 'string')
          frames.push(...decodeFrames(cipherOf(this.#redis).open(message, 'frames'), this.#envelope));
      }
    }
    return frames;
  }
}
