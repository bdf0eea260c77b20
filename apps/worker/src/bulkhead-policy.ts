import type { FleetLeases, Lease } from '@millrace/broker';
import { callFields, MillraceError } from '@millrace/protocol';
import type { Bulkhead } from '@millrace/resilience';
import type { Logger, Metrics } from '@millrace/service';
import type { ToolTarget } from '@millrace/toolkit';
import { failed, type Outcome } from './outcome.ts';
import type { RunningCall } from './running-call.ts';
import type { Run, WorkerLayer } from './tool-chain.ts';
import type { ToolPlaces } from './tool-places.ts';

export interface BulkheadOptions {
  readonly places: ToolPlaces;
  readonly leases: FleetLeases;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Something that one waits for, and may stop waiting for. */
interface Wait<T> {
  readonly done: Promise<T>;
  readonly giveUp: () => void;
}

/** Bounds how often a tool runs at the same time, on this worker and in the fleet. */
export function bulkheadLayer({ places, leases, metrics, logger }: BulkheadOptions): WorkerLayer {
  return (chained, next) => {
    const bulkhead = places.of(chained);
    if (!bulkhead) return next;
    const { target, policies } = chained;
    const fleet = policies.concurrency?.fleet;
    const { name } = target as ToolTarget;
    const onWaiting = (change: number) => metrics.bulkheadWaiting.inc({ tool: name }, change);
    const inner = fleet === undefined ? next : withLease({ name, fleet, leases, onWaiting, logger }, next);
    return (running) => inside(bulkhead, running, inner);
  };
}

async function inside(bulkhead: Bulkhead, running: RunningCall, next: Run): Promise<Outcome> {
  // The first try finds the place that its call has already; what is left of it is given back with the call.
  if (running.place === bulkhead) running.place = undefined;
  else if (!bulkhead.tryEnter()) {
    const { entered, giveUp } = bulkhead.wait();
    if (!(await patiently(running, { done: entered, giveUp }))) return givenUp(running);
  }
  try {
    return await next(running);
  } finally {
    bulkhead.leave();
  }
}

interface LeaseOptions {
  readonly name: string;
  readonly fleet: number;
  readonly leases: FleetLeases;
  readonly onWaiting: (change: number) => void;
  readonly logger: Logger;
}

function withLease(options: LeaseOptions, next: Run): Run {
  return async (running) => {
    const lease = await takeLease(options, running);
    if (!lease) return givenUp(running);
    try {
      return await next(running);
    } finally {
      lease.release();
    }
  };
}

const ALONE: Lease = { release: () => {} };

async function takeLease(options: LeaseOptions, running: RunningCall): Promise<Lease | undefined> {
  const { name, fleet, leases, onWaiting, logger } = options;
  const { taken, giveUp } = leases.take(name, fleet);
  onWaiting(1);
  try {
    return await patiently(running, { done: taken, giveUp });
  } catch (error) {
    logger.warn({ err: error, ...callFields(running.call) }, 'the limit of the fleet could not be asked for');
    return ALONE;
  } finally {
    onWaiting(-1);
  }
}

/** Waits until the call is over at the latest; meanwhile others have its slot. */
function patiently<T>(running: RunningCall, { done, giveUp }: Wait<T>): Promise<T> {
  const forget = running.onAbort(giveUp);
  const wait = async () => {
    try {
      return await done;
    } finally {
      forget();
    }
  };
  return running.slot ? running.slot.lend(wait) : wait();
}

/** The call has ended meanwhile, and knows why. */
function givenUp({ call, abortReason }: RunningCall): Outcome {
  return failed(abortReason ?? new MillraceError('cancelled', `${call.target} was given up while it waited`));
}
