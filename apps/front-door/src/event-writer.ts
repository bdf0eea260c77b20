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
  #keepAlive: NodeJS.Timeout | undefined;

  /** @param keepAliveMs between two comments that keep a silent stream open, in milliseconds */
  constructor(response: ServerResponse, keepAliveMs: number) {
    this.#response = response;
    this.#keepAliveMs = keepAliveMs;
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
    this.#keepAlive = setInterval(() => this.#response.write(': keep-alive\n\n'), this.#keepAliveMs);
  }

  /**
   * @param id by which the client can resume after this event; undefined where that is not possible
   * @param payload JSON text of one message
   */
  message(id: string | undefined, payload: string): void {
    if (!this.writable) return;
    this.#response.write(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${payload}\n\n`);
  }

  end(): void {
    this.stop();
    if (this.writable) this.#response.end();
  }

  /** Stops the keep-alive comments. */
  stop(): void {
    clearInterval(this.#keepAlive);
  }
}
