import { type Caller, MillraceError } from '@millrace/protocol';

/** How many streams and WebSockets each principal may have open, so that none takes the places of all others. */
export class StreamQuota {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  /** @param most for each principal */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Counts a stream. Where nobody is authenticated, all are the same principal, and none is counted.
   *
   * @returns what to call, once or more often, when it is closed
   * @throws MillraceError `too_many_streams`
   */
  open(caller: Pick<Caller, 'principal'> | undefined): () => void {
    if (!caller) return () => undefined;
    const { tenant, id } = caller.principal;
    const key = JSON.stringify([tenant, id]);
    const open = this.#open.get(key) ?? 0;
    if (open >= this.#most) {
      throw new MillraceError('too_many_streams', `You have ${open} streams open here: close one first`);
    }
    this.#open.set(key, open + 1);
    let closed = false;
    return () => {
      if (!closed) this.#close(key);
      closed = true;
    };
  }

  #close(key: string): void {
    const open = (this.#open.get(key) ?? 1) - 1;
    if (open === 0) this.#open.delete(key);
    else this.#open.set(key, open);
  }
}
