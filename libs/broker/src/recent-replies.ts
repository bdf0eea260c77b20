/** How long a message is kept, in milliseconds: by then a connection that died is known to be dead. */
const MAX_AGE_MS = 10_000;

/** Length of all kept messages together. At the highest rates that is the last moments, else it is all of them. */
const MAX_LENGTH = 1_000_000;

interface Kept {
  readonly frontDoor: string;
  readonly message: string;
  readonly at: number;
}

/**
 * The answers that were published last, as they were. Redis counts a subscriber whose connection has just died as one
 * who hears: the front door asks for what it may have missed when it listens again.
 */
export class RecentReplies {
  #kept: Kept[] = [];
  #length = 0;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  keep(frontDoor: string, message: string): void {
    this.#kept.push({ frontDoor, message, at: this.#now() });
    this.#length += message.length;
    this.#forget();
  }

  /** The messages to one front door, the oldest first. */
  of(frontDoor: string): string[] {
    this.#forget();
    return this.#kept.filter((one) => one.frontDoor === frontDoor).map(({ message }) => message);
  }

  #forget(): void {
    const oldest = this.#now() - MAX_AGE_MS;
    let count = 0;
    for (const { message, at } of this.#kept) {
      if (at > oldest && this.#length <= MAX_LENGTH) break;
      this.#length -= message.length;
      count += 1;
    }
    if (count > 0) this.#kept = this.#kept.slice(count);
  }
}
