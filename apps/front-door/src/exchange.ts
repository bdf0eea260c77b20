import type { ServerResponse } from 'node:http';
import type { StreamCall } from '@millrace/broker';
import type { Answer, RateLimitStanding, RequestId, RequestTimer } from '@millrace/dispatch';
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
  /** Whether the client may still be told anything; always unless given. */
  readonly valid?: () => boolean;
  /** The value of `WWW-Authenticate` for a refusal, where there is one. */
  readonly challenge?: ((error: MillraceError) => string | undefined) | undefined;
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
  #timer: RequestTimer | undefined;
  #since = 0;

  constructor(response: ServerResponse, id: RequestId | null, options: ExchangeOptions) {
    this.#response = response;
    this.#id = id;
    this.#options = options;
  }

  timed(timer: RequestTimer): void {
    this.#timer = timer;
    this.#since = performance.now();
  }

  belongsTo({ id: call, deadline }: Call): void {
    this.#call = { call, request: this.#id, deadline };
  }

  result(payload: string, session?: string): void {
    if (!this.#answered) this.#timer?.answered(true, this.#since);
    const headers = session === undefined ? undefined : { 'mcp-session-id': session };
    this.#finish(200, `{"jsonrpc":"2.0","id":${this.#jsonId()},"result":${payload}}`, headers);
  }

  error(status: number, payload: string, retryAfterMs?: number): void {
    if (!this.#answered) this.#timer?.answered(false, this.#since);
    const retry = retryAfterMs === undefined ? undefined : { 'retry-after': Math.ceil(retryAfterMs / 1000) };
    this.#finish(status, `{"jsonrpc":"2.0","id":${this.#jsonId()},"error":${payload}}`, retry);
  }

  fail(error: MillraceError, status = error.status): void {
    const requestId = this.#id === null ? undefined : String(this.#id);
    const challenge = this.#options.challenge?.(error);
    if (challenge !== undefined && !this.#response.headersSent)
      this.#response.setHeader('www-authenticate', challenge);
    this.error(status, JSON.stringify(error.toJsonRpc(requestId)), error.retryAfterMs);
  }

  /** Also for an answer that is a stream: nothing is written yet. */
  limited({ limit, remaining, resetMs }: RateLimitStanding): void {
    if (this.#response.headersSent) return;
    this.#response.setHeader('ratelimit-limit', limit);
    this.#response.setHeader('ratelimit-remaining', remaining);
    this.#response.setHeader('ratelimit-reset', Math.ceil(resetMs / 1000));
  }

  comeBack(ms: number): void {
    if (!this.#answered) this.#events?.retryIn(ms);
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
    const gone = () => {
      this.#events?.stop();
      if (!this.#answered && !this.#recorder) listener();
    };
    // The client may have gone while the call was looked for in the cache.
    if (this.#response.closed) queueMicrotask(gone);
    // Once is enough: a response closes once, and a wrapper for each request is not free.
    else this.#response.on('close', gone);
  }

  #stream(): EventWriter {
    if (!this.#events) {
      this.#events = new EventWriter(this.#response, this.#options.keepAliveMs, this.#options.valid);
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
