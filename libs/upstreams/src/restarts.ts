export interface RestartsOptions {
  /** Failures in a row after which calls are refused at once. */
  readonly failures: number;
  /** For how long they are then refused, in milliseconds. */
  readonly pauseMs: number;
  readonly now?: () => number;
}

const FIRST_DELAY_MS = 100;

/** What a failed start says of the server. */
export type StartFailure = 'failed' | 'hopeless' | 'killed';

/** A process that somebody killed from outside says little of the server: many of them count as one failure. */
const KILLED_COUNTS = 0.25;

/**
 * When a process may be started again after others have failed: with growing pauses, and after several failures in a
 * row only now and then.
 */
export class Restarts {
  readonly #options: RestartsOptions;
  readonly #now: () => number;
  #failures = 0;
  #nextAt = 0;
  #lastError: unknown;

  constructor(options: RestartsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Milliseconds until the next start may be tried; 0 when it may be now. */
  get waitMs(): number {
    return Math.max(0, this.#nextAt - this.#now());
  }

  /** Whether the last start failed: then one at a time is tried. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Whether there is no use in waiting for the next try. */
  get open(): boolean {
    return this.#failures >= this.#options.failures && this.waitMs > 0;
  }

  get lastError(): unknown {
    return this.#lastError;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#nextAt = 0;
  }

  /** @param kind `hopeless`: the next try will fail as well, such as when there is no such program */
  failed(error: unknown, kind: StartFailure = 'failed'): void {
    const { failures, pauseMs } = this.#options;
    this.#lastError = error;
    this.#failures += kind === 'killed' ? KILLED_COUNTS : 1;
    if (kind === 'hopeless') this.#failures = Math.max(failures, this.#failures);
    const delay = this.#failures >= failures ? pauseMs : FIRST_DELAY_MS * 2 ** Math.floor(this.#failures - 1);
    this.#nextAt = this.#now() + Math.min(pauseMs, delay);
  }
}
