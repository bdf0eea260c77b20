import type { Logger } from '@millrace/service';
import { Bag } from './bag.ts';

/** One batch that a worker holds: nobody else gets it as long as its lock stands. */
export interface Lock {
  /** Whether somebody else may have the batch by now: no more work may be done on it, and nothing be said of it. */
  readonly lost: boolean;
  /** Calls the listener when the lock is lost; at once when it is. There is one listener. */
  whenLost(listener: () => void): void;
}

export interface LocksOptions {
  /** How long a lock stands after it was taken or renewed, in milliseconds. */
  readonly lockMs: number;
  /** Renews locks. @returns the jobs whose lock is not there any more */
  readonly extend: (jobs: string[], tokens: string[], lockMs: number) => Promise<readonly string[]>;
  readonly logger: Logger;
  /** Milliseconds that never jump, whatever becomes of the clock on the wall. */
  readonly now?: () => number;
}

/** Renewals during the life of a lock: one or two may fail. */
const RENEWALS = 4;

/**
 * The locks of the batches that one intake holds. They are renewed together; one that was not renewed for the whole of
 * its time counts as lost, also when Redis cannot be asked: a worker that is cut off stops by itself.
 */
export class Locks {
  readonly #options: LocksOptions;
  readonly #now: () => number;
  readonly #held = new Bag<HeldLock>();
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;

  constructor(options: LocksOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Batches that are held. */
  get size(): number {
    return this.#held.size;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.renew(), this.#options.lockMs / RENEWALS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
  }

  /**
   * Keeps a lock from now on.
   *
   * @param ageMs how long ago it was taken at most
   */
  hold(job: string, token: string, ageMs: number): HeldLock {
    const lock = new HeldLock(job, token, this.#now() - ageMs);
    this.#held.add(lock);
    return lock;
  }

  /** Asks Redis for a lock that may have run out before it came. Afterwards it is renewed, or lost. */
  async confirm(lock: HeldLock): Promise<void> {
    await this.#extend([lock]);
  }

  release(lock: HeldLock): void {
    this.#held.delete(lock);
  }

  /** Renews all locks; one round at a time, however long Redis takes. */
  async renew(): Promise<void> {
    const { lockMs } = this.#options;
    for (const lock of this.#held) if (this.#now() - lock.confirmedAt >= lockMs) this.#lose(lock);
    if (this.#renewing || this.#held.size === 0) return;
    this.#renewing = true;
    await this.#extend([...this.#held]);
    this.#renewing = false;
  }

  async #extend(locks: readonly HeldLock[]): Promise<void> {
    const { extend, lockMs, logger } = this.#options;
    // A lock may have been renewed at any time since the question, so it counts from there.
    const asked = this.#now();
    try {
      const jobs = locks.map(({ job }) => job);
      const tokens = locks.map(({ token }) => token);
      const gone = new Set(await extend(jobs, tokens, lockMs));
      for (const lock of locks) {
        if (gone.has(lock.job)) this.#lose(lock);
        else lock.confirmedAt = asked;
      }
    } catch (error) {
      logger.warn({ err: error, batches: locks.length }, 'locks were not renewed');
    }
  }

  #lose(lock: HeldLock): void {
    // It may have been released while Redis was asked.
    if (!this.#held.delete(lock)) return;
    this.#options.logger.warn({ job: lock.job }, 'a batch was lost: its lock was not renewed in time');
    lock.lose();
  }
}

/** A lock in the hands of its intake. */
export class HeldLock implements Lock {
  readonly job: string;
  readonly token: string;
  /** When Redis said last that it stands. */
  confirmedAt: number;
  #lost = false;
  #listener: (() => void) | undefined;

  constructor(job: string, token: string, confirmedAt: number) {
    this.job = job;
    this.token = token;
    this.confirmedAt = confirmedAt;
  }

  get lost(): boolean {
    return this.#lost;
  }

  whenLost(listener: () => void): void {
    this.#listener = listener;
    if (this.#lost) listener();
  }

  lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#listener?.();
  }
}
