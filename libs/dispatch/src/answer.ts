import type { Call, MillraceError } from '@millrace/protocol';
import type { RequestTimer } from './request-timer.ts';

/** What is left of the rate limit that a client will reach first. */
export interface RateLimitStanding {
  readonly limit: number;
  readonly remaining: number;
  /** Until the whole limit is free again, in milliseconds. */
  readonly resetMs: number;
}

/** Where the answer to one request goes. Each transport has its own; what makes the answer knows none of them. */
export interface Answer {
  /** Told the call of a session that makes the answer, where the transport can go on without this process. */
  belongsTo?(call: Call): void;
  /** Told who notes how long the answer takes, from now on. */
  timed?(timer: RequestTimer): void;
  /** Told that the answer will be that of an identical call which was begun earlier. */
  follows?(): void;
  /**
   * @param payload JSON text of the result
   * @param session id of the session that the request opened
   */
  result(payload: string, session?: string): void;
  /**
   * @param status HTTP status, where the transport has one and it is not settled yet
   * @param payload JSON text of the error object
   * @param retryAfterMs when to try again, where that is known
   */
  error(status: number, payload: string, retryAfterMs?: number): void;
  fail(error: MillraceError, status?: number): void;
  /** @param payload JSON text of a whole notification */
  notification(payload: string): void;
  /** @param payload JSON text of a whole request to the client */
  serverRequest(payload: string): void;
  /** Ends what is open of the answer for now; the client of a session comes back for the rest. */
  pause(): void;
  /** Told that a stream ends because this process does: its client should come back, to another, after so many ms. */
  comeBack?(ms: number): void;
  /** Told how the request stands with a rate limit, where the transport can say so beside the answer. */
  limited?(standing: RateLimitStanding): void;
  /** Calls `listener` when nobody waits for the answer any more; soon, when that is so already. */
  onGone(listener: () => void): void;
}
