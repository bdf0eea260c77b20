import { MillraceError } from '@millrace/protocol';
import { type Breaker, BreakerOpenError, type Judged, type Verdict } from '@millrace/resilience';
import { failed, isOutage, type Outcome } from './outcome.ts';
import type { RunningCall } from './running-call.ts';
import type { ToolBreakers } from './tool-breakers.ts';
import type { Run, WorkerLayer } from './tool-chain.ts';

/** Keeps calls from what fails again and again, together with the whole fleet. */
export function breakerLayer(breakers: ToolBreakers): WorkerLayer {
  return (chained, next) => {
    const breaker = breakers.of(chained);
    return breaker ? guarded(breaker, next) : next;
  };
}

interface Tried extends Judged {
  readonly outcome: Outcome;
}

function guarded(breaker: Breaker, next: Run): Run {
  return async (running) => {
    try {
      return (await breaker.run(() => attempt(next, running))).outcome;
    } catch (error) {
      return failed(error instanceof BreakerOpenError ? circuitOpen(running, error) : error);
    }
  };
}

/** Is over when the call is: a tool that does not listen to its signal would never be judged. */
async function attempt(next: Run, running: RunningCall): Promise<Tried> {
  const outcome = await running.untilAborted(next(running), failed);
  return { outcome, verdict: verdictOf(outcome) };
}

function verdictOf({ failure }: Outcome): Verdict {
  if (!failure) return 'good';
  return isOutage(failure) ? 'bad' : 'neither';
}

function circuitOpen({ call }: RunningCall, cause: BreakerOpenError): MillraceError {
  return new MillraceError('circuit_open', `${call.target} fails again and again and is not tried now`, {
    details: { target: call.target },
    retryAfterMs: cause.waitMs,
    cause,
  });
}
