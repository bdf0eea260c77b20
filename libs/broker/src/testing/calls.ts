import { type Call, isTerminal, type TerminalFrame } from '@millrace/protocol';
import type { FrameListener } from '../dispatch.ts';

/** A call as a front door would make it. */
export function aCall(id: string, overrides: Partial<Call> = {}): Call {
  return {
    id,
    method: 'tools/call',
    target: 'echo',
    params: { name: 'echo' },
    revision: '2026-07-28',
    deadline: Date.now() + 10_000,
    ...overrides,
  };
}

export function aResult(call: string, payload = '{}', runMs = 1): TerminalFrame {
  return { call, kind: 'result', payload, runMs };
}

/** Keeps the frames of one call. */
export class Answer {
  readonly frames: string[] = [];
  readonly #end = Promise.withResolvers<TerminalFrame>();

  readonly listener: FrameListener = (frame) => {
    this.frames.push(frame.payload);
    if (isTerminal(frame)) this.#end.resolve(frame);
  };

  get end(): Promise<TerminalFrame> {
    return this.#end.promise;
  }

  /** Name of the error that ended the call. */
  async errorName(): Promise<string> {
    return JSON.parse((await this.end).payload).data.name;
  }
}
