import type { ClientAnswer } from '@millrace/broker';
import type { Call, Frame, JsonObject } from '@millrace/protocol';
import type { CallSink } from '@millrace/toolkit';
import type { CallTrace } from './call-trace.ts';
import { ClientRequests } from './client-requests.ts';
import type { HeldSlot } from './held-slot.ts';
import type { TaskRun } from './task-run.ts';

const ENDED = 'The call has ended before the client answered';

/** One call while this worker holds it: where its frames go, and how it is told to stop. */
export class RunningCall implements CallSink {
  readonly call: Call;
  /** Milliseconds since the epoch; the call's own, or sooner where its target may not take that long. */
  deadline: number;
  /** What it runs on, where others may have that while the call waits for something. */
  slot: HeldSlot | undefined;
  /** A place that it has among the runs of its tool, and does not use yet. */
  place: { leave(): void } | undefined;
  /** Runs the call together with others; given to calls of tools that take batches. */
  declare gather?: NonNullable<CallSink['gather']>;
  /** Its steps here; absent for all calls that are not traced. */
  declare trace?: CallTrace;
  /** The step that runs now, for what the tool calls in its turn. */
  declare traceparent?: string;
  readonly #send: (frame: Frame) => void;
  readonly #worker: string;
  readonly #task: TaskRun | undefined;
  #requests: ClientRequests | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #onAbort: Set<(reason: Error) => void> | undefined;
  #ended = false;
  #handedBack = false;

  /**
   * @param worker id of this worker, which finds the answers of the client their way back
   * @param task what the call runs as, if it is more than a call
   */
  constructor(call: Call, send: (frame: Frame) => void, worker: string, task?: TaskRun) {
    this.call = call;
    this.deadline = call.deadline;
    this.#send = send;
    this.#worker = worker;
    this.#task = task;
  }

  /** Made when somebody asks for it, since most tools never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.aborted) this.#controller.abort(this.#abortReason);
    return this.#controller.signal;
  }

  /** Whether the client can be asked while the call runs, whatever its revision says: because it is a task. */
  get live(): boolean | Promise<boolean> {
    return this.#task?.live ?? false;
  }

  get aborted(): boolean {
    return this.#abortReason !== undefined;
  }

  /** Whether nothing more will be said of it here. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it is on its queue again, for another worker. */
  get handedBack(): boolean {
    return this.#handedBack;
  }

  get abortReason(): Error | undefined {
    return this.#abortReason;
  }

  /** Tells the tool to stop; what it still sends is dropped. */
  abort(reason: Error): void {
    if (this.aborted || this.#ended) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
    this.#requests?.failAll(reason);
    for (const listener of this.#onAbort ?? []) listener(reason);
  }

  /** Gives back the place that it did not use. */
  leavePlace(): void {
    this.place?.leave();
    this.place = undefined;
  }

  /** Calls `listener` when the call is told to stop, at once when it was. @returns what takes the listener back */
  onAbort(listener: (reason: Error) => void): () => void {
    if (this.#abortReason) listener(this.#abortReason);
    this.#onAbort ??= new Set();
    this.#onAbort.add(listener);
    return () => this.#onAbort?.delete(listener);
  }

  /** Waits for work, or until the call is told to stop: then `ended` makes something of the reason. */
  untilAborted<T>(work: Promise<T>, ended: (reason: Error) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const forget = this.onAbort((reason) => resolve(ended(reason)));
    work.then(resolve, reject).finally(forget);
    return promise;
  }

  /** Waits so many milliseconds; others have the slot meanwhile. @returns false when the call was told to stop */
  pauseFor(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, ms, true);
    const forget = this.onAbort(() => resolve(false));
    const wait = () =>
      promise.finally(() => {
        clearTimeout(timer);
        forget();
      });
    return this.slot ? this.slot.lend(wait) : wait();
  }

  /** Tells the tool to stop, and says nothing of it: the call is somebody else's by now. */
  abandon(reason: Error): void {
    this.abort(reason);
    this.#ended = true;
  }

  /** Tells the tool to stop: another worker runs the call. */
  handBack(reason: Error): void {
    if (this.#ended) return;
    this.#handedBack = true;
    this.abandon(reason);
  }

  notify(method: string, params: JsonObject): void {
    if (this.#ended || this.aborted) return;
    const payload = JSON.stringify({ jsonrpc: '2.0', method, params });
    this.#send({ call: this.call.id, kind: 'notification', payload });
  }

  /** Asks the client of the call's session, or of the task. Rejects when the call ends first. */
  async request(method: string, params: JsonObject, key: string): Promise<JsonObject> {
    if (this.#ended || this.aborted) throw this.#abortReason ?? new Error(ENDED);
    this.#requests ??= new ClientRequests(`${this.#worker}/${this.call.id}`);
    const { id, answer } = this.#requests.open();
    if (this.#task) return this.#task.ask(key, { method, params, answerTo: id }, answer);
    const payload = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    this.#send({ call: this.call.id, kind: 'request', payload });
    return answer;
  }

  /** Lets the client close its stream and come back for the rest. */
  pause(): void {
    if (!this.#ended && !this.aborted) this.#send({ call: this.call.id, kind: 'pause', payload: '' });
  }

  /** Tells the client of a task how far it is. */
  status(message: string): void {
    if (!this.#ended && !this.aborted) this.#task?.status(message);
  }

  /** @returns whether the call waited for this answer of its client */
  answer(answer: ClientAnswer): boolean {
    return this.#requests?.settle(answer) ?? false;
  }

  /** Sends the one answer; a second one is dropped. */
  end(kind: 'result' | 'error', payload: string, runMs: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#requests?.failAll(new Error(ENDED));
    this.#send({ call: this.call.id, kind, payload, runMs });
  }
}
