import type { MillraceError } from '@millrace/protocol';
import type { TraceSpan } from '@millrace/service';
import type { Answer, RateLimitStanding } from './answer.ts';
import { TappedAnswer } from './tapped-answer.ts';

/** Ends the span of a request when that is answered, or nobody waits for it any more. */
export class TracedAnswer extends TappedAnswer {
  readonly #span: TraceSpan;

  constructor(to: Answer, span: TraceSpan) {
    super(to);
    this.#span = span;
    to.onGone(() => span.end('cancelled'));
  }

  override result(payload: string): void {
    this.#span.end(payload.includes('"isError":true') ? 'tool_error' : undefined);
    super.result(payload);
  }

  override error(status: number, payload: string, retryAfterMs?: number): void {
    this.#span.end(nameIn(payload));
    super.error(status, payload, retryAfterMs);
  }

  override fail(error: MillraceError, status?: number): void {
    this.#span.end(error.kind);
    super.fail(error, status);
  }

  limited(standing: RateLimitStanding): void {
    this.to.limited?.(standing);
  }
}

/** Name, or else the code, of an error. */
function nameIn(payload: string): string {
  const { code, data } = JSON.parse(payload) as { code: number; data?: { name?: string } };
  return data?.name ?? String(code);
}
