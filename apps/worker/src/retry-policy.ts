import { Retry, RetryBudget, type RetryWish } from '@millrace/resilience';
import type { Metrics } from '@millrace/service';
import type { Outcome } from './outcome.ts';
import type { RunningCall } from './running-call.ts';
import type { WorkerLayer } from './tool-chain.ts';

/** Tries again what says that this may help. */
export function retryLayer(metrics: Metrics): WorkerLayer {
  const budgets = new Map<string, RetryBudget>();
  return ({ tool, policies }, next) => {
    if (!tool || !policies.retry) return next;
    const { name } = tool;
    const budget = budgets.get(name) ?? new RetryBudget();
    budgets.set(name, budget);
    const onWish = (outcome: string) => metrics.retries.inc({ tool: name, outcome });
    const retry = new Retry({ settings: policies.retry, budget, onWish });
    return (running) =>
      retry.run({
        attempt: () => next(running),
        wish: (outcome) => wishOf(outcome, running),
        deadline: running.deadline,
        pause: (ms) => running.pauseFor(ms),
      });
  };
}

function wishOf({ failure }: Outcome, running: RunningCall): RetryWish | undefined {
  if (running.aborted) return undefined;
  if (failure?.kind !== 'transient' && failure?.kind !== 'limited') return undefined;
  return { afterMs: failure.retryAfterMs };
}
