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
  /** The request does not fit the state of things, such as an e-mail address that is taken. */
  | 'conflict'
  | 'rate_limit_exceeded'
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
  /** Also a wrong, expired or revoked credential: which of them it was is told in the challenge. */
  unauthenticated: {
    code: -32011,
    type: 'authorization',
    retryable: false,
    status: 401,
    suggestion: 'Send a valid API key or access token.',
  },
  permission_denied: {
    code: -32012,
    type: 'authorization',
    retryable: false,
    status: 403,
    suggestion: 'Ask for a credential that grants the permission.',
  },
  /** Whether the credential is good cannot be told: the keys of its issuer cannot be read. */
  authentication_unavailable: { code: -32013, type: 'unavailable', retryable: true, status: 503 },
  /** Nothing may be done that is not on record, and the audit log cannot be written. */
  audit_unavailable: { code: -32013, type: 'unavailable', retryable: true, status: 503 },
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
  /** An idempotency key that was used for a call with other arguments. */
  idempotency_conflict: {
    code: -32602,
    type: 'conflict',
    retryable: false,
    suggestion: 'Use a new key for each new call, and the same one only to make the same call again.',
  },
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
  /** An operator wants the pool to run empty. */
  pool_draining: {
    code: -32003,
    type: 'unavailable',
    retryable: true,
    suggestion: 'Try again when the pool is open again.',
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
  rate_limited: {
    code: -32014,
    type: 'rate_limit_exceeded',
    retryable: true,
    status: 429,
    suggestion: 'Try again after retryAfterMs, and call less often.',
  },
  /** The call would wait for longer than it may: it is refused before it has waited at all. */
  overloaded: {
    code: -32015,
    type: 'unavailable',
    retryable: true,
    status: 503,
    suggestion: 'Try again after retryAfterMs.',
  },
  /** The tool fails again and again: nobody tries it for a while. */
  circuit_open: {
    code: -32016,
    type: 'unavailable',
    retryable: true,
    suggestion: 'Try again after retryAfterMs, or do without the tool for now.',
  },
  /** An MCP server that a worker hosts cannot be started, or has no process to spare. */
  upstream_unavailable: {
    code: -32018,
    type: 'unavailable',
    retryable: true,
    suggestion: 'Try again later; the message tells why the server does not run.',
  },
  upstream_lost: {
    code: -32004,
    type: 'unavailable',
    retryable: false,
    suggestion: 'Check whether the call took effect before you make it again.',
  },
  state_lost: {
    code: -32017,
    type: 'unavailable',
    retryable: false,
    suggestion: 'Begin anew: what the server kept for this session is gone.',
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
  /** Overrides what the kind says: false where a second try could do the work twice. */
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
  /** What the specification wants in the `data` of the JSON-RPC error, beside the structured form. */
  readonly members?: JsonObject;
  /** Replaces the whole `data` of the JSON-RPC error; for errors that a mounted server made. */
  readonly wireData?: unknown;
  /** Overrides the JSON-RPC code of the kind; for errors that a mounted server made. */
  readonly code?: number;
}

/** A failure of the registry, thrown anywhere on the way of a call. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';
  readonly kind: ErrorName;
  readonly details: JsonObject | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly members: JsonObject | undefined;
  readonly wireData: unknown;
  /** JSON-RPC code. */
  readonly code: number;

  constructor(kind: ErrorName, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.details = options.details;
    this.retryable = options.retryable ?? ERRORS[kind].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.members = options.members;
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
      retryable: this.retryable,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(kind.suggestion && { suggestions: [kind.suggestion] }),
    };
  }

  /** The `error` member of a JSON-RPC response. */
  toJsonRpc(requestId?: string): JsonRpcError {
    const data = this.wireData ?? { ...this.toData(requestId), ...this.members };
    return { code: this.code, message: this.message, data };
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
