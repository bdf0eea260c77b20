/** How long a timer of the runtime can be set at most, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for `work`, but not beyond the deadline. The work itself goes on unless `expire` stops it.
 *
 * @param deadline milliseconds since the epoch
 * @param expire makes the error to reject with, when the deadline passes; the place to abort the work
 */
export function withDeadline<T>(work: Promise<T>, deadline: number, expire: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const delay = Math.min(Math.max(0, deadline - Date.now()), MAX_TIMER_MS);
    const timer = setTimeout(() => reject(expire()), delay);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
