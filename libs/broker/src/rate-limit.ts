/** What Redis gave when tokens were asked for. One token is one call. */
export interface TokenGrant {
  readonly granted: number;
  /** Tokens that are left for everybody. */
  readonly remaining: number;
  /** Until all tokens are back, in milliseconds. */
  readonly resetMs: number;
  /** Until there is a token again, in milliseconds; 0 when there is. */
  readonly retryAfterMs: number;
}

/** How one call stands with one limit. */
export interface LimitStanding {
  readonly allowed: boolean;
  /** Calls that are left. */
  readonly remaining: number;
  /** Until the whole limit is free again, in milliseconds. */
  readonly resetMs: number;
  /** When it makes sense to try again, in milliseconds; 0 for a call that is allowed. */
  readonly retryAfterMs: number;
}
