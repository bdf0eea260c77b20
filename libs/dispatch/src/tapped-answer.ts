import type { Call, MillraceError } from '@millrace/protocol';
import type { Answer } from './answer.ts';

/** Passes everything on; whoever wants to know of some of it extends this. */
export class TappedAnswer implements Answer {
  readonly to: Answer;

  constructor(to: Answer) {
    this.to = to;
  }

  belongsTo(call: Call): void {
    this.to.belongsTo?.(call);
  }

  follows(): void {
    this.to.follows?.();
  }

  result(payload: string): void {
    this.to.result(payload);
  }

  error(status: number, payload: string, retryAfterMs?: number): void {
    this.to.error(status, payload, retryAfterMs);
  }

  fail(error: MillraceError, status?: number): void {
    this.to.fail(error, status);
  }

  notification(payload: string): void {
    this.to.notification(payload);
  }

  serverRequest(payload: string): void {
    this.to.serverRequest(payload);
  }

  pause(): void {
    this.to.pause();
  }

  onGone(listener: () => void): void {
    this.to.onGone(listener);
  }
}
