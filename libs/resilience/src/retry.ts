import type { RetryBudget } from './retry-budget.ts';

export interface RetrySettings {
  /** Tries in all, the first one included. */
  readonly attempts: number;
  /** Longest wait before the second try, in milliseconds; it doubles with each further one. */
  readonly baseMs: number;
  /** Longest wait of all, in milliseconds. */
  readonly maxMs: number;
}

/** What became of the wish for a further try. */
export type RetryOutcome = 'retried' | 'attempts' | 'deadline' | 'budget' | 'aborted';

/** The wish for a further try. */
export interface RetryWish {
  /** Not before this many milliseconds: the failure said so. */
  readonly afterMs?: number | undefined;
}

export interface RetryOptions {
  readonly settings: RetrySettings;
  readonly budget: RetryBudget;
  readonly onWish?: (outcome: RetryOutcome) => void;
  /** From 0 up to 1. */
  readonly random?: () => number;
  readonly now?: () => number;
}

/** One call that may be tried several times. */
export interface RetriedCall<T> {
  readonly attempt: () => Promise<T>;
  /** Whether another try may help; undefined when the call went well or nothing helps. */
  readonly wish: (tried: T) => RetryWish | undefined;
  /** Milliseconds since the epoch; no try begins after that. */
  readonly deadline: number;
  /** Waits so many milliseconds. @returns false when the call was given up meanwhile */
  readonly pause: (ms: number) => Promise<boolean>;
}

/** Tries again what may go better next time: with exponential back-off, full jitter, a deadline and a budget. */
export class Retry {
  readonly #options: RetryOptions;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** @returns what the last try gave */
  async run<T>(call: RetriedCall<T>): Promise<T> {
    const { budget, onWish } = this.#options;
    budget.deposit();
    for (let tries = 1; ; tries += 1) {
      const tried = await call.attempt();
      const wish = call.wish(tried);
      if (!wish) return tried;
      const waitMs = this.#wait(tries, wish);
      const outcome = this.#refusal(tries, waitMs, call.deadline) ?? (await pauseFor(call, waitMs));
      onWish?.(outcome);
      if (outcome !== 'retried') return tried;
    }
  }

  #refusal(tries: number, waitMs: number, deadline: number): RetryOutcome | undefined {
    const { settings, budget, now = Date.now } = this.#options;
    if (tries >= settings.attempts) return 'attempts';
    if (now() + waitMs >= deadline) return 'deadline';
    return budget.take() ? undefined : 'budget';
  }

  /** Full jitter: what failed together must not come back together. */
  #wait(tries: number, { afterMs }: RetryWish): number {
    const { settings, random = Math.random } = this.#options;
    if (afterMs !== undefined) return afterMs + random() * settings.baseMs;
    return random() * Math.min(settings.maxMs, settings.baseMs * 2 ** (tries - 1));
  }
}

async function pauseFor<T>({ pause }: RetriedCall<T>, waitMs: number): Promise<RetryOutcome> {
  return (await pause(waitMs)) ? 'retried' : 'aborted';
}
