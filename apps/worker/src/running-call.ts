import type { ClientAnswer } from '@millrace/broker';
import type { Call, Frame, JsonObject } from '@millrace/protocol';
import type { CallSink } from '@millrace/toolkit';
import { ClientRequests } from './client-requests.ts';
import type { TaskRun } from './task-run.ts';

const ENDED = 'The call has ended before the client answered';

/** One call while this worker holds it: where its frames go, and how it is told to stop. */
export class RunningCall implements CallSink {
  readonly call: Call;
  readonly #send: (frame: Frame) => void;
  readonly #worker: string;
  readonly #task: TaskRun | undefined;
  #requests: ClientRequests | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #ended = false;

  /**
   * @param worker id of this worker, which finds the answers of the client their way back
   * @param task what the call runs as, if it is more than a call
   */
  constructor(call: Call, send: (frame: Frame) => void, worker: string, task?: TaskRun) {
    this.call = call;
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

  get abortReason(): Error | undefined {
    return this.#abortReason;
  }

  /** Tells the tool to stop; what it still sends is dropped. */
  abort(reason: Error): void {
    if (this.aborted || this.#ended) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
    this.#requests?.failAll(reason);
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
