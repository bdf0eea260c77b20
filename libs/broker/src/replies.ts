import { setTimeout as pause } from 'node:timers/promises';
import {
  encodeFrames,
  type Frame,
  isTerminal,
  type ReplyAddress,
  type TerminalFrame,
} from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { Redis } from 'ioredis';
import { Bag } from './bag.ts';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';
import { publishCounted } from './publish-counted.ts';
import type { RecentReplies } from './recent-replies.ts';
import { redisIsFull } from './redis-failure.ts';
import type { StoredReplies } from './stored-replies.ts';
import { Tick } from './tick.ts';

/** How long an answer is kept in the worker that Redis has no memory for, in milliseconds. */
const FULL_PATIENCE_MS = 60_000;

const FULL_RETRY_MS = 250;

interface Addressed {
  readonly to: ReplyAddress;
  readonly frame: Frame;
}

/** Frames that travel in one message. */
interface Group {
  readonly to: ReplyAddress;
  readonly frames: Frame[];
}

export interface RepliesOptions {
  /** Told of answers that are kept because their front door does not listen. */
  readonly onStored?: (answers: number) => void;
  /** Keeps what front doors may ask for again; nothing is kept unless given. */
  readonly recent?: RecentReplies;
}

/** Carries frames from a worker back: those of one turn of the event loop in one message per front door. */
export class Replies {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #stored: StoredReplies;
  readonly #logger: Logger;
  readonly #onStored: ((answers: number) => void) | undefined;
  readonly #tick = new Tick<Addressed>((addressed) => this.#publishAll(addressed));
  readonly #inFlight = new Bag<Promise<void>>();
  readonly #recent: RecentReplies | undefined;

  constructor(
    redis: Redis,
    keys: Keys,
    stored: StoredReplies,
    logger: Logger,
    { onStored, recent }: RepliesOptions = {},
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#stored = stored;
    this.#logger = logger;
    this.#onStored = onStored;
    this.#recent = recent;
  }

  send(to: ReplyAddress, frame: Frame): void {
    this.#tick.add({ to, frame });
  }

  /** Publishes the latest answers once more. The front door drops those that it had. */
  async sendAgain(frontDoor: string): Promise<void> {
    const channel = this.#keys.replies(frontDoor);
    const messages = this.#recent?.of(frontDoor) ?? [];
    await Promise.all(messages.map((message) => this.#redis.publish(channel, message)));
  }

  /** Resolves when all that was sent has reached Redis. */
  async flush(): Promise<void> {
    this.#tick.flush();
    await Promise.all(this.#inFlight);
  }

  #publishAll(addressed: readonly Addressed[]): void {
    for (const { to, frames } of groupByAddress(addressed)) {
      const published: Promise<void> = this.#publish(to, frames)
        .catch((error: Error) =>
          this.#logger.error({ err: error, frames: frames.length }, 'frames were lost'),
        )
        .finally(() => this.#inFlight.delete(published));
      this.#inFlight.add(published);
    }
  }

  /** Publishes; when nobody listens, the answers are kept for the front door's return. */
  async #publish({ frontDoor, version }: ReplyAddress, frames: readonly Frame[]): Promise<void> {
    const channel = this.#keys.replies(frontDoor);
    const message = this.#sealed(frames, version);
    const hasEnd = frames.some(isTerminal);
    // Before it is published: the front door may ask for it before Redis has said that it was heard.
    if (hasEnd) this.#recent?.keep(frontDoor, message);
    const listeners = await publishCounted(this.#redis, channel, message);
    if (listeners > 0 || !hasEnd) return;
    const terminal = frames.filter(isTerminal);
    await this.#store(terminal, version);
    this.#onStored?.(terminal.length);
    // It may have come back, and read what was stored, in between. An answer that arrives twice is dropped there.
    await this.#redis.publish(channel, this.#sealed(terminal, version));
  }

  #sealed(frames: readonly Frame[], version: number): string {
    return cipherOf(this.#redis).seal(encodeFrames(frames, version), 'frames');
  }

  /** As long as Redis is out of memory it is tried again, up to a minute. */
  async #store(frames: readonly TerminalFrame[], version: number): Promise<void> {
    const deadline = Date.now() + FULL_PATIENCE_MS;
    for (;;) {
      try {
        await this.#stored.store(frames, version);
        return;
      } catch (error) {
        if (!redisIsFull(error) || Date.now() >= deadline) throw error;
        await pause(FULL_RETRY_MS);
      }
    }
  }
}

function groupByAddress(addressed: readonly Addressed[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const { to, frame } of addressed) {
    const key = `${to.version} ${to.frontDoor}`;
    const group = groups.get(key);
    if (group) group.frames.push(frame);
    else groups.set(key, { to, frames: [frame] });
  }
  return groups.values();
}
