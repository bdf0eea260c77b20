/** What a run of a batch needs, such as a slot of its worker. Unbounded unless given. */
export interface Places {
  /** Resolves when a place has been taken. */
  take(): Promise<void>;
  release(): void;
}

export interface BatchCollectorOptions<Item, Result> {
  /** Items of one run at most. */
  readonly maxSize: number;
  /** How long an item waits for others at most, in milliseconds, as long as there is a place for its run. */
  readonly maxWaitMs: number;
  /** Whether items leave as soon as no other run is under way, instead of waiting for more. */
  readonly eager: boolean;
  readonly places?: Places;
  /** Runs one batch. Gives the outcome of each item, in their order; what it throws is the outcome of all. */
  readonly run: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>;
}

export interface Joining {
  /** Only items of the same group share a run; all unless given. */
  readonly group?: string;
  /** When it is aborted the item leaves, if its run has not begun. */
  readonly signal?: AbortSignal;
  /** Hands the caller's own place to a run that this item completes. @returns whether it had one */
  readonly handOver?: () => boolean;
}

/** One item from when it joined until its outcome is known. */
interface Seat<Item, Result> {
  readonly item: Item;
  readonly outcome: PromiseWithResolvers<Result>;
  readonly signal: AbortSignal | undefined;
  readonly leave: () => void;
}

/** The items of one group that wait for their run, and what keeps them waiting. */
interface Group<Item, Result> {
  readonly name: string;
  readonly waiting: Seat<Item, Result>[];
  timer: NodeJS.Timeout | undefined;
  turn: NodeJS.Immediate | undefined;
  /** Runs under way. */
  running: number;
  /** Whether a place is being waited for. */
  taking: boolean;
}

/**
 * Gathers items that come one by one and runs them together. A batch leaves when it is full, when its oldest item has
 * waited for long enough, or, if it may be eager, when nothing would come of waiting: with no run under way the items of
 * one turn of the event loop leave at its end, and those that come during a run leave after it. So one item alone does
 * not wait, and the busier it gets, the larger the batches are.
 */
export class BatchCollector<Item, Result> {
  readonly #options: BatchCollectorOptions<Item, Result>;
  readonly #groups = new Map<string, Group<Item, Result>>();
  #hurried = false;

  constructor(options: BatchCollectorOptions<Item, Result>) {
    this.#options = options;
  }

  /** Whether no item waits and no run is under way. */
  get idle(): boolean {
    return this.#groups.size === 0;
  }

  /** From now on nobody waits for others, because nobody will come any more. */
  hurry(): void {
    this.#hurried = true;
    for (const group of this.#groups.values()) if (group.waiting.length > 0) this.#leave(group);
  }

  /** Resolves with the result of the item. Rejects with its error, or with the reason of its signal. */
  add(item: Item, { group: name = '', signal, handOver }: Joining = {}): Promise<Result> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const group = this.#group(name);
    const seat = this.#seat(group, item, signal);
    group.waiting.push(seat);
    if (group.waiting.length >= this.#options.maxSize) this.#leave(group, handOver?.() ?? false);
    else this.#wait(group);
    return seat.outcome.promise;
  }

  #group(name: string): Group<Item, Result> {
    const known = this.#groups.get(name);
    if (known) return known;
    const group = { name, waiting: [], timer: undefined, turn: undefined, running: 0, taking: false };
    this.#groups.set(name, group);
    return group;
  }

  #seat(group: Group<Item, Result>, item: Item, signal: AbortSignal | undefined): Seat<Item, Result> {
    const leave = () => {
      group.waiting.splice(group.waiting.indexOf(seat), 1);
      seat.outcome.reject(signal?.reason);
      this.#tidy(group);
    };
    const seat = { item, outcome: Promise.withResolvers<Result>(), signal, leave };
    signal?.addEventListener('abort', leave, { once: true });
    return seat;
  }

  #wait(group: Group<Item, Result>): void {
    group.timer ??= setTimeout(() => this.#leave(group), this.#options.maxWaitMs);
    const soon = this.#hurried || (this.#options.eager && group.running === 0);
    if (soon) group.turn ??= setImmediate(() => this.#leave(group));
  }

  /** @param placed whether there is a place for the run already */
  #leave(group: Group<Item, Result>, placed = false): void {
    stopWaiting(group);
    if (placed || !this.#options.places) this.#begin(group);
    else if (!group.taking) void this.#takePlace(group, this.#options.places);
  }

  /** Others may join until there is a place; they may even leave before. */
  async #takePlace(group: Group<Item, Result>, places: Places): Promise<void> {
    group.taking = true;
    await places.take();
    group.taking = false;
    stopWaiting(group);
    if (group.waiting.length > 0) this.#begin(group);
    else places.release();
    this.#tidy(group);
  }

  /** Takes the seats before anything else happens: nobody else may run them. */
  #begin(group: Group<Item, Result>): void {
    const seats = group.waiting.splice(0, this.#options.maxSize);
    for (const { signal, leave } of seats) signal?.removeEventListener('abort', leave);
    group.running += 1;
    void this.#run(group, seats);
    if (group.waiting.length > 0) this.#goOn(group);
  }

  async #run(group: Group<Item, Result>, seats: readonly Seat<Item, Result>[]): Promise<void> {
    try {
      const outcomes = await this.#options.run(seats.map(({ item }) => item));
      for (const [at, { outcome }] of seats.entries()) settle(outcome, outcomes[at]);
    } catch (error) {
      for (const { outcome } of seats) outcome.reject(error);
    }
    group.running -= 1;
    this.#options.places?.release();
    if (this.#options.eager && group.running === 0 && group.waiting.length > 0) this.#leave(group);
    this.#tidy(group);
  }

  /** More had gathered than one run takes. */
  #goOn(group: Group<Item, Result>): void {
    if (group.waiting.length >= this.#options.maxSize) this.#leave(group);
    else this.#wait(group);
  }

  /** Forgets a group in which nothing happens, so that there are not more and more of them. */
  #tidy(group: Group<Item, Result>): void {
    if (group.waiting.length > 0) return;
    stopWaiting(group);
    if (group.running === 0 && !group.taking) this.#groups.delete(group.name);
  }
}

function stopWaiting<Item, Result>(group: Group<Item, Result>): void {
  clearTimeout(group.timer);
  clearImmediate(group.turn);
  group.timer = undefined;
  group.turn = undefined;
}

function settle<Result>(
  outcome: PromiseWithResolvers<Result>,
  settled: PromiseSettledResult<Result> | undefined,
): void {
  if (settled?.status === 'fulfilled') outcome.resolve(settled.value);
  else outcome.reject(settled?.reason ?? new Error('A batch ended without an outcome for this item'));
}
