import { type Frame, isTerminal, MillraceError } from '@millrace/protocol';
import type { Dispatch } from './dispatch.ts';

/**
 * The place of one call in the table. It is emptied when the call ends: what V8 keeps of a table that was outgrown
 * would otherwise hold on to every finished request until the next full collection.
 */
interface Place {
  dispatch: Dispatch | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** How long a timer of the runtime can be set at most, in milliseconds; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface PendingCallsOptions {
  /** Told of each call that reached its deadline unanswered, before its listener is. */
  readonly onExpired: (dispatch: Dispatch) => void;
  /** Told of each call that is not waited for any more; with its last frame unless it was forgotten. */
  readonly onSettled: (dispatch: Dispatch, frame?: Frame) => void;
}

/** The calls that one front door waits for. Each gets exactly one terminal frame, at its deadline at the latest. */
export class PendingCalls {
  readonly #places = new Map<string, Place>();
  readonly #options: PendingCallsOptions;

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#places.size;
  }

  ids(): string[] {
    return [...this.#places.keys()];
  }

  has(call: string): boolean {
    return this.#places.has(call);
  }

  get(call: string): Dispatch | undefined {
    return this.#places.get(call)?.dispatch;
  }

  add(dispatch: Dispatch): void {
    const { id, deadline } = dispatch.call;
    const delay = Math.min(Math.max(0, deadline - Date.now()), MAX_TIMER_MS);
    const timer = setTimeout(() => this.#expire(id), delay);
    this.#places.set(id, { dispatch, timer });
  }

  /** Passes a frame on; one for a call that is not waited for (any more) is dropped. */
  receive(frame: Frame): void {
    const dispatch = isTerminal(frame) ? this.#take(frame.call) : this.get(frame.call);
    if (!dispatch) return;
    if (isTerminal(frame)) this.#options.onSettled(dispatch, frame);
    dispatch.listener(frame);
  }

  /** Ends a call from this side. */
  fail(call: string, error: MillraceError): void {
    this.receive({ call, kind: 'error', payload: JSON.stringify(error.toJsonRpc(call)), runMs: 0 });
  }

  /** Forgets a call whose client is gone. @returns it, when it was still waited for */
  forget(call: string): Dispatch | undefined {
    const dispatch = this.#take(call);
    if (dispatch) this.#options.onSettled(dispatch);
    return dispatch;
  }

  failAll(error: MillraceError): void {
    for (const call of this.ids()) this.fail(call, error);
  }

  #expire(call: string): void {
    const dispatch = this.get(call);
    if (dispatch) this.#options.onExpired(dispatch);
    this.fail(call, new MillraceError('deadline_exceeded', 'The call was not finished by its deadline'));
  }

  #take(call: string): Dispatch | undefined {
    const place = this.#places.get(call);
    if (!place) return undefined;
    const { dispatch } = place;
    clearTimeout(place.timer);
    this.#places.delete(call);
    place.dispatch = undefined;
    place.timer = undefined;
    return dispatch;
  }
}
