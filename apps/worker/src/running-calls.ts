import { type ClientAnswer, Places } from '@millrace/broker';
import { MillraceError } from '@millrace/protocol';
import { callOf } from './client-requests.ts';
import type { RunningCall } from './running-call.ts';

/** Cancelled calls that are remembered at most; one that is forgotten runs in vain, which is no harm. */
const REMEMBERED = 10_000;

interface Held {
  readonly running: RunningCall;
  /** Id of the front door that made the call. */
  readonly frontDoor: string;
}

/** Somebody who waits until certain calls have ended. */
interface Settling {
  readonly left: Set<Held>;
  readonly done: () => void;
}

/** The calls that this worker holds, and those that were cancelled before they came. */
export class RunningCalls {
  readonly #running = new Places<Held>();
  readonly #cancelled = new Set<string>();
  readonly #settling = new Set<Settling>();

  get size(): number {
    return this.#running.size;
  }

  /** @returns false when the call was cancelled before it came */
  begin(running: RunningCall, frontDoor = ''): boolean {
    if (this.#cancelled.delete(running.call.id)) return false;
    this.#running.set(running.call.id, { running, frontDoor });
    return true;
  }

  /** A call that was lost may have come back here, and then runs on. */
  end(running: RunningCall): void {
    const held = this.#running.get(running.call.id);
    if (held?.running !== running) return;
    this.#running.delete(running.call.id);
    if (this.#settling.size > 0) this.#settle(held);
  }

  /** Resolves when all that run now have ended; those that come later do not count. */
  settled(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settling.add({ left: new Set(this.#running.items()), done: resolve });
    return promise;
  }

  #settle(held: Held): void {
    for (const settling of this.#settling) {
      settling.left.delete(held);
      if (settling.left.size > 0) continue;
      this.#settling.delete(settling);
      settling.done();
    }
  }

  /** Front doors of the calls that run, each as often as it has one. */
  *frontDoors(): Iterable<string> {
    for (const { frontDoor } of this.#running.items()) yield frontDoor;
  }

  /** The calls of one front door. */
  of(frontDoor: string): RunningCall[] {
    const held = this.#running.items().filter((one) => one.frontDoor === frontDoor);
    return held.map(({ running }) => running);
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

  /** Stops all of them, because this worker ends. @returns how many still had to be stopped */
  abortAll(reason: Error): number {
    const left = this.#running
      .items()
      .map(({ running }) => running)
      .filter((running) => !running.aborted && !running.ended);
    for (const running of left) running.abort(reason);
    return left.length;
  }

  #remember(call: string): void {
    const oldest = this.#cancelled.values().next().value;
    if (this.#cancelled.size >= REMEMBERED && oldest !== undefined) this.#cancelled.delete(oldest);
    this.#cancelled.add(call);
  }
}
