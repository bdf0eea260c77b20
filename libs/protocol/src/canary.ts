/**
 * A canary is a worker of a version on trial. It takes its calls from a queue of its own beside that of the pool, so
 * that front doors decide how many come to it.
 */
const POOL_SUFFIX = '-canary';

/** How the `requestState` of a call begins that a canary has begun. */
export const CANARY_STATE = 'v1+canary';

/** The pool that canaries of a pool serve. */
export function canaryPoolOf(pool: string): string {
  return `${pool}${POOL_SUFFIX}`;
}

/** Whether a call that comes back with this state was begun by a canary. It may be forged: that only chooses a version. */
export function isOfCanary(requestState: unknown): boolean {
  return typeof requestState === 'string' && requestState.startsWith(`${CANARY_STATE}.`);
}
