import type { Slots } from '@millrace/resilience';

/** The slot of a call that does not need it all the time, such as a task that waits for its client, maybe for hours. */
export class HeldSlot {
  readonly #slots: Slots;
  readonly #onChange: () => void;
  #held = true;
  #closed = false;
  #waits = 0;

  /**
   * @param slots of which one was taken
   * @param onChange told whenever it was given back or taken
   */
  constructor(slots: Slots, onChange: () => void) {
    this.#slots = slots;
    this.#onChange = onChange;
  }

  /** Lends the slot for as long as `wait` takes; of several at the same time, as long as the last one takes. */
  async lend<T>(wait: () => Promise<T>): Promise<T> {
    this.#waits += 1;
    this.#giveBack();
    try {
      return await wait();
    } finally {
      this.#waits -= 1;
      await this.#retake();
    }
  }

  /** Leaves the slot to another, who gives it back. @returns false when there is none at this moment */
  handOver(): boolean {
    const held = this.#held && !this.#closed;
    this.#held = false;
    this.#closed = true;
    return held;
  }

  /** Gives the slot back for good. */
  close(): void {
    this.#closed = true;
    this.#giveBack();
  }

  get #needed(): boolean {
    return !this.#closed && !this.#held && this.#waits === 0;
  }

  async #retake(): Promise<void> {
    if (!this.#needed) return;
    await this.#slots.take();
    // Meanwhile the task may have ended, or wait again.
    if (this.#needed) this.#held = true;
    else this.#slots.release();
    this.#onChange();
  }

  #giveBack(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#slots.release();
    this.#onChange();
  }
}
