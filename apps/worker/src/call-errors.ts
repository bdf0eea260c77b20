import { type Call, MillraceError } from '@millrace/protocol';
import type { RunningCall } from './running-call.ts';

/** Ends a call with an error, without having run it. */
export function answer(running: RunningCall, error: MillraceError): void {
  running.end('error', JSON.stringify(error.toJsonRpc(running.call.id)), 0);
}

export function expired({ target }: Call): MillraceError {
  return new MillraceError('deadline_exceeded', `${target} was not begun by its deadline`);
}

export function workerLost(call: Call): MillraceError {
  return new MillraceError(
    'worker_lost',
    `The worker that ran ${call.target} was lost: it is not known whether the call took effect`,
    { details: { target: call.target } },
  );
}

/** Redis answered, but took no claim, for instance because its memory is full. */
export function notClaimed(call: Call, cause: unknown): MillraceError {
  return new MillraceError('broker_unavailable', `${call.target} was not run: it could not be claimed`, {
    cause,
  });
}
