/** Calls of the hand-coded transports that wait for their answer, by id. */
export class WaitingCalls {
  readonly #waiting = new Map<string, (payload: string) => void>();

  /** Registers a call before it is sent; the promise gives the JSON text of its answer. */
  wait(id: string): Promise<string> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  answer(id: string, payload: string): void {
    this.#waiting.get(id)?.(payload);
    this.#waiting.delete(id);
  }
}
