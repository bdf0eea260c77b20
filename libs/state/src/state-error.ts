/** Why something could not be kept, read or opened. */
export type StateFailure =
  /** The store does not answer: nothing is known of what was asked of it, and it may be asked again. */
  | 'unavailable'
  /** The store answered that it cannot do it. */
  | 'failed'
  /** Somebody else changed it first. */
  | 'conflict'
  | 'too_large'
  /** The store of this process holds as much as it may. */
  | 'full'
  /** A key, a value or an event is not one that can be kept. */
  | 'invalid'
  /** The handle was good once, but what it stood for is gone; or it never was one. */
  | 'unknown_handle'
  /** The handle was changed, or belongs to another tenant, caller or tool. */
  | 'forged_handle';

export interface StateErrorOptions {
  readonly details?: Readonly<Record<string, string | number>>;
  /** Unless given: whether the store was away or full. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Every failure of this package. The message can be shown to a client; the cause cannot. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly reason: StateFailure;
  /** Whether the same may succeed later. */
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, string | number>>;

  constructor(reason: StateFailure, message: string, options: StateErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.retryable = options.retryable ?? (reason === 'unavailable' || reason === 'full');
    this.details = options.details ?? {};
  }
}

/** What is told of a store that does not answer. */
export function unavailable(store: string, cause: unknown): StateError {
  return new StateError('unavailable', `The ${store} store does not answer: nothing is known to be kept`, {
    details: { store },
    cause,
  });
}
