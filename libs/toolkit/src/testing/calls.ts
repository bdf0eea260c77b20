import type { Call, JsonObject } from '@millrace/protocol';
import { type CallContext, createCallContext } from '../call-context.ts';
import type { CallSink } from '../call-sink.ts';

/** A call as a front door would make it. */
export function aCall(overrides: Partial<Call> = {}): Call {
  return {
    id: 'call-1',
    method: 'tools/call',
    target: 'echo',
    params: {},
    revision: '2026-07-28',
    deadline: Date.now() + 10_000,
    ...overrides,
  };
}

export function aToolCall(name: string, args?: JsonObject, overrides: Partial<Call> = {}): Call {
  return aCall({ target: name, params: { name, ...(args && { arguments: args }) }, ...overrides });
}

/** Keeps what is sent to the client. */
export class RecordingSink implements CallSink {
  readonly sent: { method: string; params: JsonObject }[] = [];
  readonly #controller = new AbortController();
  readonly asked: { method: string; params: JsonObject; key: string }[] = [];
  /** What the client answers, one after the other. */
  readonly answers: (JsonObject | Error)[] = [];
  live = false;
  /** How often the signal was asked for. */
  signalsGiven = 0;

  get signal(): AbortSignal {
    this.signalsGiven += 1;
    return this.#controller.signal;
  }

  notify(method: string, params: JsonObject): void {
    this.sent.push({ method, params });
  }

  async request(method: string, params: JsonObject, key: string): Promise<JsonObject> {
    this.asked.push({ method, params, key });
    const answer = this.answers.shift();
    if (answer === undefined) throw new Error('the test gave no answer');
    if (answer instanceof Error) throw answer;
    return answer;
  }

  abort(reason: unknown = new DOMException('The call was cancelled', 'AbortError')): void {
    this.#controller.abort(reason);
  }
}

export function aContext(call: Call, sink: CallSink = new RecordingSink()): CallContext {
  return createCallContext(call, sink);
}
