import type { Route } from './router.ts';

/** @returns how long a call of this route may take, queue included, in milliseconds */
export function timeLimitOf({ timeoutMs = 0 }: Pick<Route, 'timeoutMs'>, callTimeoutMs: number): number {
  return Math.max(callTimeoutMs, timeoutMs);
}
