/** How long a message is given, in milliseconds: by then a connection that died is known to be dead. */
const MAX_AGE_MS = 10_000;

/** Length of each half. At the highest rates both are the last moments, else they are all that was said of late. */
const HALF_LENGTH = 500_000;

interface Kept {
  readonly frontDoor: string;
  readonly message: string;
  readonly at: number;
}

/**
 * The answers that were published last, as they were. Redis counts a subscriber whose connection has just died as one
 * who hears: the front door asks for what it may have missed when it listens again. Kept in two halves, of which the
 * older one goes as a whole: so keeping costs the same however many there are.
 */
export class RecentReplies {
  #older: Kept[] = [];
  #newer: Kept[] = [];
  #length = 0;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  keep(frontDoor: string, message: string): void {
    const at = this.#now();
    const [first] = this.#newer;
    if (first && (this.#length >= HALF_LENGTH || at - first.at >= MAX_AGE_MS)) this.#turn();
    this.#newer.push({ frontDoor, message, at });
    this.#length += message.length;
  }

  /** The messages to one front door, the oldest first. */
  of(frontDoor: string): string[] {
    const oldest = this.#now() - MAX_AGE_MS;
    return [...this.#older, ...this.#newer]
      .filter((one) => one.frontDoor === frontDoor && one.at > oldest)
      .map(({ message }) => message);
  }

  #turn(): void {
    this.#older = this.#newer;
    this.#newer = [];
    this.#length = 0;
  }
}
