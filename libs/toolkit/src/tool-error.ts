import { type ErrorData, type ErrorType, type JsonObject, MillraceError } from '@millrace/protocol';
import { PoolError } from '@millrace/resilience';
import { StateError, type StateFailure } from '@millrace/state';

export interface ToolErrorOptions {
  /** Class of the failure, for programs; `tool_error` unless given. */
  readonly type?: ErrorType;
  readonly details?: JsonObject;
  /** Whether the same call may succeed later. False unless given. */
  readonly retryable?: boolean;
  /** How long to wait before the next try, in milliseconds; says that one may help. */
  readonly retryAfterMs?: number;
  /** What the client may do about it, one sentence each. */
  readonly suggestions?: readonly string[];
  /** Stays in the worker, for its log. */
  readonly cause?: unknown;
}

/** A failure that a handler throws on purpose: all of it but the cause reaches the client. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly type: ErrorType;
  readonly details: JsonObject | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly suggestions: readonly string[] | undefined;

  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.type = options.type ?? 'tool_error';
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
    this.retryable = options.retryable ?? options.retryAfterMs !== undefined;
    this.suggestions = options.suggestions;
  }
}

/** How long to wait for a pool that is crowded or broken, in milliseconds. */
const POOL_RETRY_MS = 1_000;

/** What a client learns of something that a handler threw: the message, and what a `ToolError` adds; never a stack. */
export function describeFailure(thrown: unknown, requestId: string): ErrorData {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const failure = ofOurs(thrown);
  if (!(failure instanceof ToolError)) return new MillraceError('tool_error', message).toData(requestId);
  const { type, details, retryable, retryAfterMs, suggestions } = failure;
  const error = new MillraceError('tool_error', message, {
    ...(details && { details }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
  return { ...error.toData(requestId), type, retryable, ...(suggestions && { suggestions }) };
}

/** Failures of what the toolkit gives to handlers say more than their message. */
function ofOurs(thrown: unknown): unknown {
  if (thrown instanceof PoolError) return poolFailure(thrown);
  return thrown instanceof StateError ? stateFailure(thrown) : thrown;
}

/** How long to wait for a store that is away, or for others to let a value be, in milliseconds. */
const STATE_RETRY_MS = 500;

const STATE_TYPES: Readonly<Record<StateFailure, ErrorType>> = {
  unavailable: 'unavailable',
  failed: 'internal_server_error',
  conflict: 'conflict',
  too_large: 'validation',
  full: 'unavailable',
  invalid: 'validation',
  unknown_handle: 'resource_not_found',
  forged_handle: 'authorization',
};

function stateFailure({ message, reason, details, retryable, cause }: StateError): ToolError {
  return new ToolError(message, {
    type: STATE_TYPES[reason],
    details: { reason, ...details },
    ...(retryable && { retryAfterMs: STATE_RETRY_MS }),
    cause,
  });
}

/** A handler that got no resource has not begun. */
function poolFailure({ message, pool, reason, cause }: PoolError): ToolError {
  return new ToolError(message, {
    type: 'unavailable',
    details: { pool, reason },
    retryAfterMs: POOL_RETRY_MS,
    cause,
  });
}
