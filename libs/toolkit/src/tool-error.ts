import { type ErrorData, type JsonObject, MillraceError } from '@millrace/protocol';

export interface ToolErrorOptions {
  readonly details?: JsonObject;
  /** Whether the same call may succeed later. False unless given. */
  readonly retryable?: boolean;
  /** What the client may do about it, one sentence each. */
  readonly suggestions?: readonly string[];
  /** Stays in the worker, for its log. */
  readonly cause?: unknown;
}

/** A failure that a handler throws on purpose: all of it but the cause reaches the client. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly details: JsonObject | undefined;
  readonly retryable: boolean;
  readonly suggestions: readonly string[] | undefined;

  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.details = options.details;
    this.retryable = options.retryable ?? false;
    this.suggestions = options.suggestions;
  }
}

/** What a client learns of something that a handler threw: the message, and what a `ToolError` adds; never a stack. */
export function describeFailure(thrown: unknown, requestId: string): ErrorData {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (!(thrown instanceof ToolError)) return new MillraceError('tool_error', message).toData(requestId);
  const { details, retryable, suggestions } = thrown;
  const data = new MillraceError('tool_error', message, details && { details }).toData(requestId);
  return { ...data, retryable, ...(suggestions && { suggestions }) };
}
