import type { ServerResponse } from 'node:http';

const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Proxies must pass events on as they come.
  'x-accel-buffering': 'no',
} as const;

/** Writes a response as a stream of server-sent events. */
export class EventWriter {
  readonly #response: ServerResponse;
  readonly #keepAliveMs: number;
  readonly #valid: (() => boolean) | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  /**
   * @param keepAliveMs between two comments that keep a silent stream open, in milliseconds
   * @param valid whether the client may still be told anything; always unless given
   */
  constructor(response: ServerResponse, keepAliveMs: number, valid?: () => boolean) {
    this.#response = response;
    this.#keepAliveMs = keepAliveMs;
    this.#valid = valid;
  }

  get writable(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed;
  }

  /** @param prelude text of events that come first */
  open(prelude = ''): void {
    if (!this.writable) return;
    this.#response.writeHead(200, SSE_HEADERS);
    // A client waits for the headers before it takes the stream for open.
    this.#response.flushHeaders();
    if (prelude !== '') this.#response.write(prelude);
    this.#keepAlive = setInterval(() => this.#beat(), this.#keepAliveMs);
  }

  /**
   * @param id by which the client can resume after this event; undefined where that is not possible
   * @param payload JSON text of one message
   */
  message(id: string | undefined, payload: string): void {
    if (!this.writable || this.#endsByRevocation()) return;
    this.#response.write(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${payload}\n\n`);
  }

  /** @param ms how long a client should wait before it comes back, in milliseconds */
  retryIn(ms: number): void {
    if (this.writable) this.#response.write(`retry: ${ms}\n\n`);
  }

  end(): void {
    this.stop();
    if (this.writable) this.#response.end();
  }

  /** Stops the keep-alive comments. */
  stop(): void {
    clearInterval(this.#keepAlive);
  }

  #beat(): void {
    if (!this.#endsByRevocation()) this.#response.write(': keep-alive\n\n');
  }

  /** A stream must not outlive the credential that opened it. */
  #endsByRevocation(): boolean {
    if (!this.#valid || this.#valid()) return false;
    this.end();
    return true;
  }
}
