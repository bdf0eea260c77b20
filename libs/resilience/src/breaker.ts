import CircuitBreaker from 'opossum';

/** What a try says about the thing that was tried; `neither` for what the caller did wrong, or gave up. */
export type Verdict = 'good' | 'bad' | 'neither';

export interface Judged {
  readonly verdict: Verdict;
}

/** When a breaker opens and closes. */
export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open, in milliseconds, before somebody may try again. */
  readonly recoveryMs: number;
  /** Good tries in a row that close it again. */
  readonly successes: number;
}

/** The answer to somebody who wants to try what has failed. */
export type ProbeAnswer =
  | { readonly kind: 'granted'; readonly end: (verdict: Verdict) => Promise<void> }
  /** The breaker was closed meanwhile. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'refused'; readonly waitMs: number };

/** What a breaker shares with those of its name in other processes. Nothing of it ever rejects. */
export interface BreakerFleet {
  /** Whether calls may pass without asking. */
  readonly closed: boolean;
  /** Whether failures were counted, here or elsewhere, that a good try would forgive. */
  readonly suspected: boolean;
  /** @returns whether the failure is counted there */
  failed(): Promise<boolean>;
  succeeded(): Promise<void>;
  /** This process has seen enough for all. */
  tripped(): Promise<void>;
  askProbe(): Promise<ProbeAnswer>;
}

export interface BreakerOptions {
  readonly name: string;
  readonly limits: BreakerLimits;
  readonly fleet: BreakerFleet;
}

/** Refused without a try. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
  /** After how many milliseconds a try may be worth it. */
  readonly waitMs: number;

  constructor(breaker: string, waitMs: number) {
    super(`The breaker ${breaker} is open`);
    this.waitMs = waitMs;
  }
}

/** The window in which a rate of failures is looked at, in milliseconds. */
const WINDOW_MS = 10_000;

/** More than this share of failures in the window opens the breaker too, in per cent. */
const MOST_FAILURES = 50;

/** Tries, as a multiple of `failures`, before their rate says anything. */
const ENOUGH_TRIES = 4;

// Made once: they only tell opossum what it is to count.
const BAD = new Error('bad');
const NEITHER = new Error('neither');

/**
 * Stops tries of what fails again and again. The fleet counts failures in a row, decides who may probe, and when all is
 * well again. opossum runs the tries of this process, and opens for all when most of a good number of them fail. Where
 * the fleet cannot be told it goes on alone: it opens after as many failures in a row, and closes after one good try.
 */
export class Breaker {
  readonly #name: string;
  readonly #limits: BreakerLimits;
  readonly #fleet: BreakerFleet;
  readonly #circuit: CircuitBreaker<[() => Promise<Judged>], Judged>;
  #inARow = 0;
  #openedAt = 0;

  constructor({ name, limits, fleet }: BreakerOptions) {
    this.#name = name;
    this.#limits = limits;
    this.#fleet = fleet;
    this.#circuit = new CircuitBreaker((attempt: () => Promise<Judged>) => judge(attempt), {
      name,
      timeout: false,
      resetTimeout: limits.recoveryMs,
      rollingCountTimeout: WINDOW_MS,
      volumeThreshold: ENOUGH_TRIES * limits.failures,
      errorThresholdPercentage: MOST_FAILURES,
      errorFilter: (error) => error === NEITHER,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    this.#circuit.on('open', () => this.#tripped());
  }

  /**
   * Makes a try, or refuses it.
   *
   * @param attempt never rejects: what it resolves with says how it went
   * @throws BreakerOpenError without having tried
   */
  async run<T extends Judged>(attempt: () => Promise<T>): Promise<T> {
    if (!this.#fleet.closed) return this.#probe(attempt);
    const made: { tried?: T } = {};
    try {
      await this.#circuit.fire(async () => {
        made.tried = await attempt();
        return made.tried;
      });
    } catch (cause) {
      // opossum rejects with what it counts as a failure, and when it is open.
      if (!made.tried) throw this.#refusal(cause);
    }
    const tried = made.tried as T;
    await this.#count(tried.verdict);
    return tried;
  }

  /** The fleet has closed it. */
  close(): void {
    this.#inARow = 0;
    this.#circuit.close();
  }

  /** Ends its timers; it is not used after that. */
  dispose(): void {
    this.#circuit.shutdown();
  }

  async #probe<T extends Judged>(attempt: () => Promise<T>): Promise<T> {
    const answer = await this.#fleet.askProbe();
    if (answer.kind === 'refused') throw new BreakerOpenError(this.#name, answer.waitMs);
    if (answer.kind === 'closed') {
      this.close();
      return this.run(attempt);
    }
    const tried = await attempt();
    await answer.end(tried.verdict);
    return tried;
  }

  async #count(verdict: Verdict): Promise<void> {
    if (verdict === 'good') {
      if (this.#inARow > 0 || this.#fleet.suspected) await this.#forgive();
    } else if (verdict === 'bad' && !(await this.#fleet.failed())) {
      // Nobody else counts, so this process does it alone.
      this.#inARow += 1;
      if (this.#inARow >= this.#limits.failures) this.#circuit.open();
    }
  }

  async #forgive(): Promise<void> {
    this.#inARow = 0;
    await this.#fleet.succeeded();
  }

  #tripped(): void {
    this.#openedAt = Date.now();
    void this.#fleet.tripped();
  }

  #refusal(cause: unknown): unknown {
    if (!(cause instanceof Error && CircuitBreaker.isOurError(cause))) return cause;
    const waitMs = Math.max(0, this.#openedAt + this.#limits.recoveryMs - Date.now());
    return new BreakerOpenError(this.#name, waitMs);
  }
}

/** opossum counts what rejects. */
async function judge(attempt: () => Promise<Judged>): Promise<Judged> {
  const tried = await attempt();
  if (tried.verdict === 'good') return tried;
  throw tried.verdict === 'bad' ? BAD : NEITHER;
}
