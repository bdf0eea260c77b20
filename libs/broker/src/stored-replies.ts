import { decodeFrames, encodeFrames, type Frame, type TerminalFrame } from '@millrace/protocol';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

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
    const pipeline = this.#redis.pipeline();
    for (const frame of frames) {
      pipeline.set(this.#keys.storedReply(frame.call), encodeFrames([frame], version), 'PX', TTL_MS);
    }
    await pipeline.exec();
  }

  /** Takes the stored answers of these calls, each once. */
  async take(calls: readonly string[]): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (let at = 0; at < calls.length; at += CHUNK) {
      const pipeline = this.#redis.pipeline();
      for (const call of calls.slice(at, at + CHUNK)) pipeline.getdel(this.#keys.storedReply(call));
      for (const [error, message] of (await pipeline.exec()) ?? []) {
        if (error) throw error;
        if (typeof message === 'string') frames.push(...decodeFrames(message, this.#envelope));
      }
    }
    return frames;
  }
}
