type Waiter = () => void;

/** A bounded number of places for calls that run at the same time; those that find none wait in line. */
export class Slots {
  readonly #size: number;
  readonly #waiting: Waiter[] = [];
  #used = 0;

  /** @param size places, at least 1 */
  constructor(size: number) {
    this.#size = size;
  }

  get free(): number {
    return Math.max(0, this.#size - this.#used - this.#waiting.length);
  }

  get used(): number {
    return this.#used;
  }

  /** Takes a place if there is one. */
  tryTake(): boolean {
    if (this.#used >= this.#size) return false;
    this.#used += 1;
    return true;
  }

  /** Resolves when a place has been taken; first come, first served. */
  async take(): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /**
   * @param patienceMs how long to stand in line, in milliseconds
   * @returns whether a place has been taken
   */
  takeWithin(patienceMs: number): Promise<boolean> {
    if (this.tryTake()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const called = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(called), 1);
        resolve(false);
      }, patienceMs);
      this.#waiting.push(called);
    });
  }

  /** Gives a place back; the first in line gets it. */
  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#used -= 1;
  }
}
