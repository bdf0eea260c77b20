import type { Call, MillraceError } from '@millrace/protocol';
import type { Answer, RateLimitStanding } from './answer.ts';
import type { RequestTimer } from './request-timer.ts';

/** Told once how a request ended: `result`, `tool_error`, `abandoned`, or the name of an error. */
export type OnOutcome = (outcome: string) => void;

/** How the result of a tool that failed begins to differ from others. */
const TOOL_ERROR = '"isError":true';

/** An answer that tells how it ended, beside giving it. */
export class AuditedAnswer implements Answer {
  readonly #answer: Answer;
  #onOutcome: OnOutcome | undefined;

  constructor(answer: Answer, onOutcome: OnOutcome) {
    this.#answer = answer;
    this.#onOutcome = onOutcome;
    answer.onGone(() => this.end('abandoned'));
  }

  /** Tells the outcome, should it not have been told. */
  end(outcome: string): void {
    const tell = this.#onOutcome;
    this.#onOutcome = undefined;
    tell?.(outcome);
  }

  result(payload: string, session?: string): void {
    this.end(payload.includes(TOOL_ERROR) ? 'tool_error' : 'result');
    this.#answer.result(payload, session);
  }

  error(status: number, payload: string, retryAfterMs?: number): void {
    const { data, code } = JSON.parse(payload) as { code?: number; data?: { name?: string } };
    this.end(data?.name ?? `error ${code}`);
    this.#answer.error(status, payload, retryAfterMs);
  }

  fail(error: MillraceError, status?: number): void {
    this.end(error.kind);
    this.#answer.fail(error, status);
  }

  belongsTo(call: Call): void {
    this.#answer.belongsTo?.(call);
  }

  timed(timer: RequestTimer): void {
    this.#answer.timed?.(timer);
  }

  follows(): void {
    this.#answer.follows?.();
  }

  notification(payload: string): void {
    this.#answer.notification(payload);
  }

  serverRequest(payload: string): void {
    this.#answer.serverRequest(payload);
  }

  pause(): void {
    this.#answer.pause();
  }

  comeBack(ms: number): void {
    this.#answer.comeBack?.(ms);
  }

  limited(standing: RateLimitStanding): void {
    this.#answer.limited?.(standing);
  }

  onGone(listener: () => void): void {
    this.#answer.onGone(listener);
  }
}
