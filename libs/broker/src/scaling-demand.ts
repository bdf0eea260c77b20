/** A queue that cannot be caught up, or one call that is stuck, must not ask for workers without end. */
const MAX_WEIGHT = 10;

/** What a pool has to do, in calls. */
export interface PoolWork {
  readonly active: number;
  readonly waiting: number;
  /** How long the oldest waiting call has waited, in milliseconds. */
  readonly oldestWaitMs: number;
  readonly paused: boolean;
}

/**
 * What the autoscaler divides by the calls for one worker: active calls, and waiting ones weighted by their age.
 *
 * @param targetWaitMs how long a call may wait; `weight` is 1 until then, later age over target, up to 10
 */
export function demandOf(
  { active, waiting, oldestWaitMs, paused }: PoolWork,
  targetWaitMs: number,
): { readonly demand: number; readonly weight: number } {
  const weight = Math.min(MAX_WEIGHT, Math.max(1, oldestWaitMs / targetWaitMs));
  // More workers could not take what waits in a paused pool.
  return { demand: active + (paused ? 0 : Math.ceil(waiting * weight)), weight };
}
