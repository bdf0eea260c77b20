import type { JsonObject } from './json.ts';

/** One kind of failure: how it shows on the wire and what a client may do about it. */
interface ErrorKind {
  /** JSON-RPC code. -32020 and below belong to MCP, -32000 to -32019 to implementations. */
  readonly code: number;
  /** Class that a client can branch on. */
  readonly type: ErrorType;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** HTTP status where the failure is not carried inside a 200 answer. */
  readonly status?: number;
  readonly suggestion?: string;
}

export type ErrorType =
  | 'validation'
  | 'authorization'
  | 'resource_not_found'
  | 'method_not_found'
  | 'timeout'
  | 'cancelled'
  | 'unavailable'
  | 'tool_error'
  | 'internal_server_error';

/** Every failure that Millrace reports, by its stable name. Documented in docs/errors.md; a test compares both. */
export const ERRORS = {
  parse_error: { code: -32700, type: 'validation', retryable: false, status: 400 },
  invalid_request: { code: -32600, type: 'validation', retryable: false, status: 400 },
  body_too_large: { code: -32600, type: 'validation', retryable: false, status: 413 },
  unsupported_media_type: { code: -32600, type: 'validation', retryable: false, status: 415 },
  not_acceptable: { code: -32600, type: 'validation', retryable: false, status: 406 },
  forbidden_host: { code: -32000, type: 'authorization', retryable: false, status: 403 },
  method_not_allowed: { code: -32000, type: 'validation', retryable: false, status: 405 },
  /** A session that does not exist for this client: the client initializes again. */
  session_not_found: { code: -32009, type: 'resource_not_found', retryable: false, status: 404 },
  unknown_event: { code: -32009, type: 'resource_not_found', retryable: false, status: 400 },
  /** The limit is per front door. */
  too_many_streams: { code: -32010, type: 'unavailable', retryable: true, status: 429 },
  method_not_found: { code: -32601, type: 'method_not_found', retryable: false },
  /** A broken `_meta` envelope: the one kind of wrong parameters that has a status of its own. */
  invalid_envelope: { code: -32602, type: 'validation', retryable: false, status: 400 },
  invalid_params: { code: -32602, type: 'validation', retryable: false },
  unknown_tool: {
    code: -32602,
    type: 'resource_not_found',
    retryable: false,
    suggestion: 'List the tools again: the name may have changed.',
  },
  unknown_prompt: {
    code: -32602,
    type: 'resource_not_found',
    retryable: false,
    suggestion: 'List the prompts again: the name may have changed.',
  },
  resource_not_found: {
    code: -32602,
    type: 'resource_not_found',
    retryable: false,
    suggestion: 'List the resources and templates again.',
  },
  header_mismatch: { code: -32020, type: 'validation', retryable: false, status: 400 },
  missing_capability: { code: -32021, type: 'validation', retryable: false, status: 400 },
  unsupported_version: { code: -32022, type: 'validation', retryable: false, status: 400 },
  no_migration: { code: -32019, type: 'internal_server_error', retryable: false },
  internal_error: { code: -32603, type: 'internal_server_error', retryable: false },
  deadline_exceeded: {
    code: -32001,
    type: 'timeout',
    retryable: true,
    suggestion: 'Allow more time, or ask for less in one call.',
  },
  no_live_worker: {
    code: -32003,
    type: 'unavailable',
    retryable: true,
    suggestion: 'Start a worker for this pool, or try again when one is back.',
  },
  worker_lost: {
    code: -32004,
    type: 'unavailable',
    retryable: false,
    suggestion: 'Check whether the call took effect before you make it again.',
  },
  broker_unavailable: {
    code: -32005,
    type: 'unavailable',
    retryable: true,
    status: 503,
    suggestion: 'Try again after the time in Retry-After.',
  },
  outcome_unknown: {
    code: -32008,
    type: 'unavailable',
    retryable: false,
    status: 503,
    suggestion: 'Check whether the call took effect before you make it again.',
  },
  shutting_down: { code: -32006, type: 'unavailable', retryable: true, status: 503 },
  cancelled: { code: -32007, type: 'cancelled', retryable: false },
  tool_error: { code: -32603, type: 'tool_error', retryable: false },
} as const satisfies Record<string, ErrorKind>;

export type ErrorName = keyof typeof ERRORS;

/** The structured form in which every failure reaches a client, as `data` of the error or in `_meta`. */
export interface ErrorData {
  readonly type: ErrorType;
  readonly name: ErrorName;
  readonly message: string;
  readonly code: number;
  readonly details?: JsonObject;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly requestId?: string;
  readonly retryable: boolean;
  /** How long to wait before the next try, where that is known. */
  readonly retryAfterMs?: number;
  readonly suggestions?: readonly string[];
}

export interface ErrorOptions {
  readonly details?: JsonObject;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
  /** Overrides the `data` member of the JSON-RPC error where the specification fixes its form. */
  readonly wireData?: unknown;
  /** Overrides the JSON-RPC code of the kind; for errors that a mounted server made. */
  readonly code?: number;
}

/** A failure of the registry, thrown anywhere on the way of a call. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';
  readonly kind: ErrorName;
  readonly details: JsonObject | undefined;
  readonly retryAfterMs: number | undefined;
  readonly wireData: unknown;
  /** JSON-RPC code. */
  readonly code: number;

  constructor(kind: ErrorName, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
    this.wireData = options.wireData;
    this.code = options.code ?? ERRORS[kind].code;
  }

  /** The HTTP status when the error is the whole answer; 200 for those that ride inside a normal answer. */
  get status(): number {
    const kind: ErrorKind = ERRORS[this.kind];
    return kind.status ?? 200;
  }

  /**
   * @param requestId the JSON-RPC id of the request that failed, where it is known
   * @param now milliseconds since the epoch
   */
  toData(requestId?: string, now: number = Date.now()): ErrorData {
    const kind: ErrorKind = ERRORS[this.kind];
    return {
      type: kind.type,
      name: this.kind,
      message: this.message,
      code: this.code,
      ...(this.details && { details: this.details }),
      timestamp: new Date(now).toISOString(),
      ...(requestId !== undefined && { requestId }),
      retryable: kind.retryable,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(kind.suggestion && { suggestions: [kind.suggestion] }),
    };
  }

  /** The `error` member of a JSON-RPC response. */
  toJsonRpc(requestId?: string): JsonRpcError {
    return { code: this.code, message: this.message, data: this.wireData ?? this.toData(requestId) };
  }
}

export interface JsonRpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Turns whatever was thrown into a `MillraceError`; an unknown failure keeps its text to itself. */
export function toMillraceError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  return new MillraceError('internal_error', 'Internal error', { cause: thrown });
}
