/** Gates at which tools wait until the test, by a message to this process, lets them go on. */
class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  readonly #open = new Set<string>();

  constructor() {
    process.on('message', (message: { release?: string }) => {
      if (message.release !== undefined) this.#release(message.release);
    });
  }

  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** Resolves when the gate is open; rejects when the signal is aborted. */
  async pass(key: string, signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) => {
      const fail = () => reject(signal.reason);
      if (signal.aborted) fail();
      else signal.addEventListener('abort', fail, { once: true });
    });
    await Promise.race([this.#gate(key).promise, aborted]);
  }

  #release(key: string): void {
    this.#open.add(key);
    this.#gate(key).resolve();
  }

  #gate(key: string): PromiseWithResolvers<void> {
    const gate = this.#gates.get(key) ?? Promise.withResolvers<void>();
    this.#gates.set(key, gate);
    return gate;
  }
}

export const gates = new Gates();
