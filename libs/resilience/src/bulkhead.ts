/** A place in the line of a bulkhead. */
export interface BulkheadWait {
  /** Resolves with whether a place was got. */
  readonly entered: Promise<boolean>;
  /** Leaves the line; does nothing once a place was got. */
  readonly giveUp: () => void;
}

/** Bounds how many runs of one tool there are at the same time, so that it cannot take everything from the others. */
export class Bulkhead {
  readonly #limit: number;
  readonly #onWaiting: (change: 1 | -1) => void;
  readonly #line = new Set<(entered: boolean) => void>();
  #running = 0;

  /**
   * @param limit places, at least 1
   * @param onWaiting told when somebody joins or leaves the line
   */
  constructor(limit: number, onWaiting: (change: 1 | -1) => void = () => {}) {
    this.#limit = limit;
    this.#onWaiting = onWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes a place if there is one. */
  tryEnter(): boolean {
    if (this.#running >= this.#limit) return false;
    this.#running += 1;
    return true;
  }

  /** Stands in line; first come, first served. */
  wait(): BulkheadWait {
    const { promise: entered, resolve } = Promise.withResolvers<boolean>();
    this.#line.add(resolve);
    this.#onWaiting(1);
    return { entered, giveUp: () => this.#end(resolve, false) };
  }

  /** Gives a place back; the first in line gets it. */
  leave(): void {
    const [next] = this.#line;
    if (next) this.#end(next, true);
    else this.#running -= 1;
  }

  #end(resolve: (entered: boolean) => void, entered: boolean): void {
    if (!this.#line.delete(resolve)) return;
    this.#onWaiting(-1);
    resolve(entered);
  }
}
