import type { ClientAnswer } from '@millrace/broker';
import { MillraceError } from '@millrace/protocol';
import { callOf } from './client-requests.ts';
import type { RunningCall } from './running-call.ts';

/** Cancelled calls that are remembered at most; one that is forgotten runs in vain, which is no harm. */
const REMEMBERED = 10_000;

/**
 * The place of one call in the table. It is emptied when the call ends: what V8 keeps of a table that was outgrown
 * would otherwise hold on to every finished call until the next full collection.
 */
interface Place {
  running: RunningCall | undefined;
}

/** The calls that this worker holds, and those that were cancelled before they came. */
export class RunningCalls {
  readonly #running = new Map<string, Place>();
  readonly #cancelled = new Set<string>();

  get size(): number {
    return this.#running.size;
  }

  /** @returns false when the call was cancelled before it came */
  begin(running: RunningCall): boolean {
    if (this.#cancelled.delete(running.call.id)) return false;
    this.#running.set(running.call.id, { running });
    return true;
  }

  end({ call }: RunningCall): void {
    const place = this.#running.get(call.id);
    if (!place) return;
    this.#running.delete(call.id);
    place.running = undefined;
  }

  /** Stops a call; one that is not here yet is not begun when it comes. */
  cancel(call: string): void {
    const running = this.#running.get(call)?.running;
    if (running) running.abort(new MillraceError('cancelled', 'The call was cancelled'));
    else this.#remember(call);
  }

  /** @returns whether a call waited for this answer of its client */
  answer(answer: ClientAnswer): boolean {
    return this.#running.get(callOf(answer.id))?.running?.answer(answer) ?? false;
  }

  /** Stops all of them, because this worker ends. */
  abortAll(reason: Error): void {
    for (const { running } of this.#running.values()) running?.abort(reason);
  }

  #remember(call: string): void {
    const oldest = this.#cancelled.values().next().value;
    if (this.#cancelled.size >= REMEMBERED && oldest !== undefined) this.#cancelled.delete(oldest);
    this.#cancelled.add(call);
  }
}
