interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it. Wherever a `clock` or a `now` is a parameter, it fits. */
export class FakeClock {
  #now: number;
  #timers: Timer[] = [];

  /** @param now where it begins, in epoch milliseconds */
  constructor(now = 0) {
    this.#now = now;
    // `now` is handed on by itself where a function is wanted.
    this.now = this.now.bind(this);
    this.sleep = this.sleep.bind(this);
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Resolves when the clock was moved that many milliseconds on; rejects with the reason of the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = { at: this.#now + ms, run: resolve };
    const giveUp = () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
      reject(signal?.reason);
    };
    if (signal?.aborted) return Promise.reject(signal.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#timers.push(timer);
    return promise.finally(() => signal?.removeEventListener('abort', giveUp));
  }

  /** How many wait for it. */
  get sleepers(): number {
    return this.#timers.length;
  }

  /**
   * Moves it on and wakes who slept so long, one after the other: who sleeps again on waking is woken again.
   * @param ms milliseconds, not negative
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`ms: ${ms} — a clock does not go back`);
    const end = this.#now + ms;
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#timers = this.#timers.filter((one) => one !== timer);
      this.#now = timer.at;
      timer.run();
      // Whoever was woken gets a turn of the event loop to go on in.
      await new Promise(setImmediate);
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    return this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
