/**
 * Waits for `work`, but not for long. What has arrived by then still counts, however busy this process was: a timer that
 * fires late fires before the sockets are read.
 *
 * @param ms in milliseconds; rejects after that
 */
export function withPatience<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(new Error(`Redis took longer than ${ms} ms`));
    const timer = setTimeout(() => setImmediate(giveUp), ms);
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
