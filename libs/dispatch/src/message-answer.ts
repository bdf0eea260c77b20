import type { MillraceError } from '@millrace/protocol';
import type { Answer } from './answer.ts';
import type { RequestId } from './inbound.ts';
import type { RequestTimer } from './request-timer.ts';

export interface MessageAnswerOptions {
  readonly id: RequestId | null;
  readonly send: (message: string) => void;
  /** Told after the answer is sent: whether it is a result, and the id of the session that the request opened. */
  readonly onEnd: (isResult: boolean, session?: string) => void;
}

/** The answer to one request over a WebSocket: each message is a frame of its own, among those of other requests. */
export class MessageAnswer implements Answer {
  readonly #options: MessageAnswerOptions;
  #listeners: (() => void)[] = [];
  #ended = false;
  #abandoned = false;
  #timer: RequestTimer | undefined;
  #since = 0;

  constructor(options: MessageAnswerOptions) {
    this.#options = options;
  }

  timed(timer: RequestTimer): void {
    this.#timer = timer;
    this.#since = performance.now();
  }

  result(payload: string, session?: string): void {
    this.#end('result', payload, session);
  }

  error(_status: number, payload: string): void {
    this.#end('error', payload);
  }

  fail(error: MillraceError): void {
    const { id } = this.#options;
    this.#end('error', JSON.stringify(error.toJsonRpc(id === null ? undefined : String(id))));
  }

  notification(payload: string): void {
    if (!this.#ended) this.#options.send(payload);
  }

  serverRequest(payload: string): void {
    this.notification(payload);
  }

  /** There is nothing to pause: the connection stays. */
  pause(): void {
    return;
  }

  onGone(listener: () => void): void {
    if (this.#abandoned) queueMicrotask(listener);
    else this.#listeners.push(listener);
  }

  /** Ends the answer unsent: the client cancelled the request, or is gone. */
  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#abandoned = true;
    for (const listener of this.#listeners) listener();
  }

  #end(member: 'result' | 'error', payload: string, session?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.answered(member === 'result', this.#since);
    this.#listeners = [];
    this.#options.send(`{"jsonrpc":"2.0","id":${JSON.stringify(this.#options.id)},"${member}":${payload}}`);
    this.#options.onEnd(member === 'result', session);
  }
}
