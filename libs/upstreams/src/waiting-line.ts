/** A call that waits for a process. */
export interface Waiter<Member> {
  /** Whose process it must be; anybody's unless given. */
  readonly owner: string | undefined;
  readonly resolve: (member: Member) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls that wait for a process, first come, first served. */
export class WaitingLine<Member> {
  #waiters: Waiter<Member>[] = [];

  get size(): number {
    return this.#waiters.length;
  }

  /** Those that wait at this moment. */
  get waiters(): readonly Waiter<Member>[] {
    return this.#waiters;
  }

  /** Rejects with the reason of the signal when that is aborted first. */
  join(owner: string | undefined, signal: AbortSignal | undefined): Promise<Member> {
    const { promise, resolve, reject } = Promise.withResolvers<Member>();
    const waiter = { owner, resolve, reject };
    const abort = () => {
      this.leave(waiter);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#waiters.push(waiter);
    return promise.finally(() => signal?.removeEventListener('abort', abort));
  }

  leave(waiter: Waiter<Member>): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
  }

  /** Sends away all, or those of which the test is true. */
  refuse(error: unknown, which: (waiter: Waiter<Member>) => boolean = () => true): void {
    const refused = this.#waiters.filter(which);
    this.#waiters = this.#waiters.filter((waiter) => !refused.includes(waiter));
    for (const { reject } of refused) reject(error);
  }
}
