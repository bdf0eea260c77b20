/** Messages of ioredis for commands that did not reach Redis, or whose answer did not come back. */
const AWAY =
  /^(Connection is closed|Stream isn't writeable|Command timed out|Reached the max retries|read ECONN|connect E|Cluster isn't ready|None of startup nodes|Failed to refresh slots cache|Too many Cluster redirections)/;

/** Codes with which Redis says that it does nothing now, and has done nothing. */
const REFUSED = /^(OOM|READONLY|NOREPLICAS|MISCONF|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOAUTH|NOPERM) /;

/** Whether a command failed because Redis cannot be reached, and not because of what it said. */
export function redisIsAway(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'MaxRetriesPerRequestError' ||
      error.name === 'ClusterAllFailedError' ||
      AWAY.test(error.message))
  );
}

/** Whether Redis answered that it takes no commands now, for instance because its memory is full: nothing was done. */
export function redisRefused(error: unknown): boolean {
  return reasonsOf(error).some(({ message }) => REFUSED.test(message));
}

/** Whether Redis refused because it may not use more memory. */
export function redisIsFull(error: unknown): boolean {
  return reasonsOf(error).some(({ message }) => message.startsWith('OOM '));
}

/** A transaction is refused as a whole; why, its commands were told. */
function reasonsOf(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return [];
  const { previousErrors = [] } = error as { readonly previousErrors?: readonly Error[] };
  return [error, ...previousErrors];
}
