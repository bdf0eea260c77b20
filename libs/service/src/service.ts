/** Anything long-lived. Both methods are idempotent; `stop` is safe on a service that never started. */
export interface Service {
  start(): Promise<void>;
  /** @param deadline epoch milliseconds after which what still runs may be cut off */
  stop(deadline?: number): Promise<void>;
}
