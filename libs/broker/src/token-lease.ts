import type { RateLimitRule } from '@millrace/protocol';
import type { Clock } from '@millrace/service';
import type { LimitStanding, TokenGrant } from './rate-limit.ts';

/** A block is this part of the limit at most: what one front door may hold unused. */
const BLOCKS = 32;

/** Tokens that are not used within this part of the window are dropped, so that they cannot blur the next one. */
const LEASES = 20;
const MAX_LEASE_MS = 1_000;

export interface TokenLeaseOptions {
  readonly rule: RateLimitRule;
  /** Takes tokens from the limit that all front doors share; may give fewer than were wanted. */
  readonly borrow: (wanted: number) => Promise<TokenGrant>;
  readonly clock: Clock;
}

interface Waiting {
  readonly resolve: (standing: LimitStanding) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The tokens of one limit that this process has taken ahead, so that a busy client does not cost a round trip for each
 * call. It takes them one by one as long as calls are rare, then in blocks that double while they are used up in time.
 */
export class TokenLease {
  readonly #options: TokenLeaseOptions;
  readonly #maxBlock: number;
  readonly #leaseMs: number;
  #block = 1;
  #tokens = 0;
  #expiresAt = 0;
  #refusedUntil = 0;
  #remaining = 0;
  #resetAt = 0;
  #borrowing = false;
  #waiting: Waiting[] = [];

  constructor(options: TokenLeaseOptions) {
    this.#options = options;
    const { limit, windowMs } = options.rule;
    this.#maxBlock = Math.max(1, Math.floor(limit / BLOCKS));
    this.#leaseMs = Math.min(MAX_LEASE_MS, windowMs / LEASES);
  }

  /**
   * Takes one token: at once where that can be decided here.
   *
   * Rejects when the tokens cannot be borrowed.
   */
  take(): LimitStanding | Promise<LimitStanding> {
    const now = this.#options.clock.now();
    if (!this.#borrowing) {
      if (this.#tokens > 0 && now < this.#expiresAt) return this.#use(now);
      if (now < this.#refusedUntil) return this.#refusal(now);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#borrowing) void this.#borrow();
    });
  }

  /** Puts back the token of a call that was not made. */
  giveBack(): void {
    this.#tokens += 1;
    this.#expiresAt = Math.max(this.#expiresAt, this.#options.clock.now() + this.#leaseMs);
  }

  async #borrow(): Promise<void> {
    this.#borrowing = true;
    try {
      while (this.#waiting.length > 0) {
        const wanted = Math.max(this.#waiting.length, this.#nextBlock());
        this.#receive(wanted, await this.#options.borrow(wanted));
      }
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    } finally {
      this.#borrowing = false;
    }
  }

  /** Twice as many as last time when those were used up in time; else calls are rare, and one is enough. */
  #nextBlock(): number {
    const busy = this.#options.clock.now() < this.#expiresAt;
    this.#block = busy ? Math.min(this.#block * 2, this.#maxBlock) : 1;
    return this.#block;
  }

  #receive(wanted: number, grant: TokenGrant): void {
    const now = this.#options.clock.now();
    this.#tokens = grant.granted;
    this.#expiresAt = now + this.#leaseMs;
    this.#remaining = grant.remaining;
    this.#resetAt = now + grant.resetMs;
    if (grant.granted < wanted) this.#refusedUntil = now + grant.retryAfterMs;
    const served = this.#waiting.splice(0, grant.granted);
    for (const { resolve } of served) resolve(this.#use(now));
    // Those who came while it was borrowed get another try, unless it is known to be in vain.
    if (grant.granted >= wanted) return;
    for (const { resolve } of this.#waiting.splice(0)) resolve(this.#refusal(now));
  }

  #use(now: number): LimitStanding {
    this.#tokens -= 1;
    const remaining = this.#remaining + this.#tokens;
    return { allowed: true, remaining, resetMs: Math.max(0, this.#resetAt - now), retryAfterMs: 0 };
  }

  #refusal(now: number): LimitStanding {
    const resetMs = Math.max(0, this.#resetAt - now);
    return { allowed: false, remaining: 0, resetMs, retryAfterMs: Math.max(1, this.#refusedUntil - now) };
  }
}
