import type { JSONRPCMessage } from '@modelcontextprotocol/client';

/**
 * Keeps a response behind the notifications that came before it: the SDK hands notifications over a moment later than
 * responses, so that of two that come in one piece the last progress would be lost.
 */
export class MessageOrder {
  readonly #deliver: (message: JSONRPCMessage) => void;
  #waiting: JSONRPCMessage[] = [];
  #notified = false;

  constructor(deliver: (message: JSONRPCMessage) => void) {
    this.#deliver = deliver;
  }

  push(message: JSONRPCMessage): void {
    const isNotification = 'method' in message && !('id' in message);
    if (isNotification && this.#waiting.length === 0) {
      this.#hold();
      this.#deliver(message);
    } else if (this.#notified) this.#waiting.push(message);
    else this.#deliver(message);
  }

  /** Until the end of this turn of the event loop. */
  #hold(): void {
    if (this.#notified) return;
    this.#notified = true;
    setImmediate(() => {
      this.#notified = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const message of waiting) this.push(message);
    });
  }
}
