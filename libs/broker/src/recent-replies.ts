/** How long a message is given, in milliseconds: by then a connection that died is known to be dead. */
const MAX_AGE_MS = 10_000;

/** Size of each page. At the highest rates both hold the last moments, else all that was said of late. */
const PAGE_BYTES = 512 * 1024;

/** Bytes that a character has at most. */
const WIDEST = 3;

interface Entry {
  readonly frontDoor: string;
  readonly at: number;
  /** Where it is in the page; the message itself where it is larger than a page. */
  readonly text: { readonly start: number; readonly end: number } | string;
}

/**
 * The answers that were published last, as they were. Redis counts a subscriber whose connection has just died as one
 * who hears: the front door asks for what it may have missed when it listens again. They are kept on two pages, of
 * which the older one is written anew when the newer one is full: strings that live for moments are dear to collect.
 */
export class RecentReplies {
  #older = new Page();
  #newer = new Page();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  keep(frontDoor: string, message: string): void {
    const at = this.#now();
    if (at - this.#newer.begunAt >= MAX_AGE_MS) this.#turn();
    if (this.#newer.write(frontDoor, message, at)) return;
    this.#turn();
    this.#newer.write(frontDoor, message, at);
  }

  /** The messages to one front door, the oldest first. */
  of(frontDoor: string): string[] {
    const oldest = this.#now() - MAX_AGE_MS;
    return [...this.#older.of(frontDoor, oldest), ...this.#newer.of(frontDoor, oldest)];
  }

  #turn(): void {
    [this.#older, this.#newer] = [this.#newer, this.#older];
    this.#newer.clear();
  }
}

class Page {
  readonly #bytes = Buffer.allocUnsafeSlow(PAGE_BYTES);
  #entries: Entry[] = [];
  #end = 0;

  /** When its first message came; never while it is empty. */
  get begunAt(): number {
    return this.#entries[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** @returns false when there is no room; an empty page has room for any message */
  write(frontDoor: string, message: string, at: number): boolean {
    const room = PAGE_BYTES - this.#end;
    const fits = message.length * WIDEST <= room || Buffer.byteLength(message) <= room;
    if (!fits && this.#entries.length > 0) return false;
    this.#entries.push({ frontDoor, at, text: fits ? this.#place(message) : this.#fill(message) });
    return true;
  }

  of(frontDoor: string, oldest: number): string[] {
    return this.#entries
      .filter((entry) => entry.frontDoor === frontDoor && entry.at > oldest)
      .map(({ text }) =>
        typeof text === 'string' ? text : this.#bytes.toString('utf8', text.start, text.end),
      );
  }

  clear(): void {
    this.#entries = [];
    this.#end = 0;
  }

  #place(message: string): Entry['text'] {
    const start = this.#end;
    this.#end += this.#bytes.write(message, start);
    return { start, end: this.#end };
  }

  #fill(message: string): Entry['text'] {
    this.#end = PAGE_BYTES;
    return message;
  }
}
