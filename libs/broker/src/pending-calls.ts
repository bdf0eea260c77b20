import {
  ERRORS,
  type ErrorName,
  type Frame,
  isTerminal,
  MillraceError,
  type TerminalFrame,
} from '@millrace/protocol';
import type { Dispatch } from './dispatch.ts';
import { Places } from './places.ts';

interface Pending {
  readonly dispatch: Dispatch;
  /** Set only when the deadline is near: nearly every call ends long before, and a timer costs as much as the rest. */
  timer: NodeJS.Timeout | undefined;
}

/** How far before its deadline a call gets a timer of its own, in milliseconds. */
const NEAR_MS = 2_000;

/** How often the calls whose deadlines were far are looked through, in milliseconds; less than what counts as near. */
const SWEEP_MS = 1_000;

export interface PendingCallsOptions {
  /** Told of each call that reached its deadline unanswered, before its listener is. */
  readonly onExpired: (dispatch: Dispatch) => void;
  /** Told of each call that is not waited for any more; with its last frame unless it was forgotten. */
  readonly onSettled: (dispatch: Dispatch, frame?: Frame) => void;
}

/** The calls that one front door waits for. Each gets exactly one terminal frame, at its deadline at the latest. */
export class PendingCalls {
  readonly #calls = new Places<Pending>();
  readonly #options: PendingCallsOptions;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#calls.size;
  }

  ids(): string[] {
    return this.#calls.keys();
  }

  has(call: string): boolean {
    return this.#calls.get(call) !== undefined;
  }

  get(call: string): Dispatch | undefined {
    return this.#calls.get(call)?.dispatch;
  }

  /** The calls that wait for workers of this pool. */
  inPool(pool: string): Dispatch[] {
    const dispatches = this.#calls.items().map(({ dispatch }) => dispatch);
    return dispatches.filter((dispatch) => dispatch.pool === pool);
  }

  add(dispatch: Dispatch): void {
    const pending: Pending = { dispatch, timer: undefined };
    this.#calls.set(dispatch.call.id, pending);
    const left = dispatch.call.deadline - Date.now();
    if (left <= NEAR_MS) this.#watch(pending, left);
    else this.#sweep ??= setTimeout(() => this.#sweepAll(), SWEEP_MS).unref();
  }

  #watch(pending: Pending, left: number): void {
    const { id } = pending.dispatch.call;
    pending.timer = setTimeout(() => this.#expire(id), Math.max(0, left));
  }

  /** Gives a timer to each call whose deadline has come near. */
  #sweepAll(): void {
    this.#sweep = undefined;
    const now = Date.now();
    for (const pending of this.#calls.items()) {
      if (pending.timer) continue;
      const left = pending.dispatch.call.deadline - now;
      if (left <= NEAR_MS) this.#watch(pending, left);
    }
    if (this.#calls.size > 0) this.#sweep = setTimeout(() => this.#sweepAll(), SWEEP_MS).unref();
  }

  /** Passes a frame on. @returns false when the call is not waited for (any more): then the frame is dropped */
  receive(frame: Frame): boolean {
    const dispatch = isTerminal(frame) ? this.#take(frame.call) : this.get(frame.call);
    if (!dispatch) return false;
    if (isTerminal(frame)) this.#options.onSettled(dispatch, frame);
    dispatch.listener(frame);
    return true;
  }

  /** Ends a call from this side. */
  fail(call: string, error: MillraceError): void {
    this.receive(errorFrame(call, error));
  }

  /** Forgets a call whose client is gone. @returns it, when it was still waited for */
  forget(call: string): Dispatch | undefined {
    const dispatch = this.#take(call);
    if (dispatch) this.#options.onSettled(dispatch);
    return dispatch;
  }

  /** Ends all calls, as this front door does; what they do meanwhile is not known. */
  failAll(kind: ErrorName, message: string): void {
    for (const call of this.ids()) this.#giveUp(call, kind, message);
  }

  /** A call that must not run twice may be running, so that nobody may make it again just like that. */
  #giveUp(call: string, kind: ErrorName, message: string): void {
    const retryable = (this.get(call)?.idempotent ?? false) && ERRORS[kind].retryable;
    this.fail(call, new MillraceError(kind, message, { retryable }));
  }

  #expire(call: string): void {
    const dispatch = this.get(call);
    if (dispatch) this.#options.onExpired(dispatch);
    this.#giveUp(call, 'deadline_exceeded', 'The call was not finished by its deadline');
  }

  #take(call: string): Dispatch | undefined {
    const pending = this.#calls.get(call);
    if (!pending) return undefined;
    if (pending.timer) clearTimeout(pending.timer);
    this.#calls.delete(call);
    return pending.dispatch;
  }
}

/** The end of a call that was not run. */
export function errorFrame(call: string, error: MillraceError): TerminalFrame {
  return { call, kind: 'error', payload: JSON.stringify(error.toJsonRpc(call)), runMs: 0 };
}
