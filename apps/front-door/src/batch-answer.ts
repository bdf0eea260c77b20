import type { ServerResponse } from 'node:http';
import type { Answer, RequestId, RequestTimer } from '@millrace/dispatch';
import type { MillraceError } from '@millrace/protocol';

/** Collects the answers to the requests of one body, and sends them together when the last one is there. */
export class BatchAnswer {
  readonly #response: ServerResponse;
  readonly #messages: string[] = [];
  readonly #gone: (() => void)[] = [];
  #open: number;

  /** @param requests how many answers there will be, at least 1 */
  constructor(response: ServerResponse, requests: number) {
    this.#response = response;
    this.#open = requests;
    response.once('close', () => {
      if (this.#open > 0) for (const listener of this.#gone) listener();
    });
  }

  /** Where the answer to one of the requests goes. */
  part(id: RequestId | null): Answer {
    let timer: RequestTimer | undefined;
    let since = 0;
    const add = (member: string, payload: string) => {
      timer?.answered(member === 'result', since);
      this.#add(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"${member}":${payload}}`);
    };
    return {
      timed: (one) => {
        timer = one;
        since = performance.now();
      },
      result: (payload) => add('result', payload),
      error: (_status, payload) => add('error', payload),
      fail: (error: MillraceError) => add('error', JSON.stringify(error.toJsonRpc(String(id)))),
      // One JSON body has no room for what comes before the answers.
      notification: () => undefined,
      serverRequest: () => undefined,
      pause: () => undefined,
      onGone: (listener) => {
        if (this.#response.closed) queueMicrotask(listener);
        else this.#gone.push(listener);
      },
    };
  }

  #add(message: string): void {
    this.#messages.push(message);
    this.#open -= 1;
    if (this.#open > 0) return;
    const body = `[${this.#messages.join(',')}]`;
    this.#response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    this.#response.end(body);
  }
}
