import { type Call, type Frame, isTerminal } from '@millrace/protocol';
import { RunningCall } from '../running-call.ts';

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

/** A call that runs, with the frames that it sent. */
export function aRunningCall(overrides: Partial<Call> = {}): { running: RunningCall; frames: Frame[] } {
  const frames: Frame[] = [];
  return {
    running: new RunningCall(aCall('c-1', overrides), (frame) => void frames.push(frame), 'w-1'),
    frames,
  };
}

/** How a frame ends its call, in short: `result`, or the name of the error. */
export function endOf(frame: Frame | undefined): string {
  if (!frame || !isTerminal(frame)) return 'no end';
  return frame.kind === 'result' ? 'result' : JSON.parse(frame.payload).data.name;
}
