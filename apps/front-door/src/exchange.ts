import type { ServerResponse } from 'node:http';
import type { StreamCall } from '@millrace/broker';
import type { Answer, RequestId } from '@millrace/dispatch';
import type { Call, MillraceError } from '@millrace/protocol';
import { EventWriter } from './event-writer.ts';
import type { StreamRecorder } from './stream-recorder.ts';

export interface ExchangeOptions {
  /** Whether the client takes a stream; when it does not, notifications are dropped. */
  readonly streams: boolean;
  /** Whether the client likes a stream better than JSON, also for an answer of one message. */
  readonly prefersStream?: boolean;
  /** Between two comments that keep a silent stream open, in milliseconds. */
  readonly keepAliveMs: number;
  /** Makes the stream of a session resumable: it then goes on when the client is away. */
  readonly recorder?: (call?: StreamCall) => StreamRecorder;
}

/**
 * The answer to one request over HTTP. It is JSON when the answer comes first, and becomes an event stream with
 * the first notification: only then is the status settled, so that early errors keep theirs.
 */
export class Exchange implements Answer {
  readonly #response: ServerResponse;
  readonly #id: RequestId | null;
  readonly #options: ExchangeOptions;
  #events: EventWriter | undefined;
  #recorder: StreamRecorder | undefined;
  #call: StreamCall | undefined;
  #answered = false;

  constructor(response: ServerResponse, id: RequestId | null, options: ExchangeOptions) {
    this.#response = response;
    this.#id = id;
    this.#options = options;
  }

  belongsTo({ id: call, deadline }: Call): void {
    this.#call = { call, request: this.#id, deadline };
  }

  result(payload: string, session?: string): void {
    const headers = session === undefined ? undefined : { 'mcp-session-id': session };
    this.#finish(200, `{"jsonrpc":"2.0","id":${this.#jsonId()},"result":${payload}}`, headers);
  }

  error(status: number, payload: string, retryAfterMs?: number): void {
    const retry = retryAfterMs === undefined ? undefined : { 'retry-after': Math.ceil(retryAfterMs / 1000) };
    this.#finish(status, `{"jsonrpc":"2.0","id":${this.#jsonId()},"error":${payload}}`, retry);
  }

  fail(error: MillraceError, status = error.status): void {
    const requestId = this.#id === null ? undefined : String(this.#id);
    this.error(status, JSON.stringify(error.toJsonRpc(requestId)), error.retryAfterMs);
  }

  notification(payload: string): void {
    if (!this.#options.streams || this.#answered) return;
    this.#stream().message(this.#recorder?.record(payload, false), payload);
  }

  serverRequest(payload: string): void {
    this.notification(payload);
  }

  /** Ends the response but not the answer: the client of a resumable stream comes back for the rest. */
  pause(): void {
    if (!this.#options.recorder || !this.#options.streams || this.#answered) return;
    this.#stream().end();
  }

  onGone(listener: () => void): void {
    this.#response.once('close', () => {
      this.#events?.stop();
      if (!this.#answered && !this.#recorder) listener();
    });
  }

  #stream(): EventWriter {
    if (!this.#events) {
      this.#events = new EventWriter(this.#response, this.#options.keepAliveMs);
      this.#recorder = this.#options.recorder?.(this.#call);
      this.#events.open(this.#recorder?.open());
    }
    return this.#events;
  }

  #finish(status: number, message: string, headers?: Record<string, string | number>): void {
    if (this.#answered) return;
    this.#answered = true;
    if (status === 200 && this.#options.prefersStream && !headers) this.#stream();
    if (this.#events) {
      this.#events.message(this.#recorder?.record(message, true), message);
      this.#events.end();
      return;
    }
    // Whoever wrote before us has begun another answer: it cannot be completed.
    if (this.#response.headersSent) this.#response.destroy();
    if (this.#response.destroyed) return;
    this.#response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(message),
      ...headers,
    });
    this.#response.end(message);
  }

  #jsonId(): string {
    return typeof this.#id === 'number' ? String(this.#id) : JSON.stringify(this.#id);
  }
}
