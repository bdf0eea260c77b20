import type { JSONRPCMessage } from '@modelcontextprotocol/client';

/**
 * Hands messages over in their order, and nothing else in the turn of the event loop in which a notification was. The
 * SDK handles notifications a moment later than answers: of a request that is answered in the same turn, the progress
 * would find nobody who waits for it.
 */
export class Inbox {
  readonly #deliver: (message: JSONRPCMessage) => void;
  readonly #waiting: JSONRPCMessage[] = [];
  #resting = false;

  constructor(deliver: (message: JSONRPCMessage) => void) {
    this.#deliver = deliver;
  }

  add(message: JSONRPCMessage): void {
    if (this.#resting) this.#waiting.push(message);
    else this.#handOver(message);
  }

  #handOver(message: JSONRPCMessage): void {
    if ('method' in message && !('id' in message)) {
      this.#resting = true;
      setImmediate(() => this.#goOn());
    }
    this.#deliver(message);
  }

  #goOn(): void {
    this.#resting = false;
    while (!this.#resting) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#handOver(next);
    }
  }
}
