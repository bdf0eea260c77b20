import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '@millrace/protocol';
import type { Entrance } from './entrance.ts';

/** Who opened a connection. The credential is checked again with each message, which costs little once it is known. */
export class Bearer {
  readonly #credentials: IncomingHttpHeaders;
  readonly #entrance: Pick<Entrance, 'identify'>;
  #caller: Caller;

  /** @throws MillraceError, or rejects with one, when the credentials are not good */
  static async of(credentials: IncomingHttpHeaders, entrance: Pick<Entrance, 'identify'>): Promise<Bearer> {
    return new Bearer(credentials, entrance, await entrance.identify(credentials));
  }

  private constructor(
    credentials: IncomingHttpHeaders,
    entrance: Pick<Entrance, 'identify'>,
    caller: Caller,
  ) {
    this.#credentials = credentials;
    this.#entrance = entrance;
    this.#caller = caller;
  }

  /** Whether the credential still counts, as far as is known at this moment. */
  get valid(): boolean {
    return this.#caller.valid();
  }

  /** As it was known last. */
  get caller(): Caller {
    return this.#caller;
  }

  identify(): Caller | Promise<Caller> {
    const caller = this.#entrance.identify(this.#credentials);
    if (caller instanceof Promise) return caller.then((found) => this.#remember(found));
    return this.#remember(caller);
  }

  #remember(caller: Caller): Caller {
    this.#caller = caller;
    return caller;
  }
}
