import { ERROR_META_KEY, type ErrorData, type JsonObject, toMillraceError } from '@millrace/protocol';
import { ToolError, thrownBy } from '@millrace/toolkit';

export type FailureKind =
  /** The caller's mistake, or a refusal on purpose: nothing is wrong with the tool. */
  | 'rejected'
  /** It was not run, or was given up, for a reason of ours. */
  | 'refused'
  /** What it depends on wants to be asked less often. */
  | 'limited'
  /** It failed, and says that another try may help. */
  | 'transient'
  /** It failed. */
  | 'broken';

export interface Failure {
  readonly kind: FailureKind;
  /** Name of the error. */
  readonly reason: string;
  /** How long to wait before the next try, where that is known. */
  readonly retryAfterMs: number | undefined;
}

/** How one run of a target ended: with a result, which may tell of a failure, or with something thrown. */
export type Outcome =
  | { readonly result: JsonObject; readonly failure: Failure | undefined }
  | { readonly result?: undefined; readonly thrown: unknown; readonly failure: Failure };

/** The end of a call whose target gave a result. */
export function succeeded(result: JsonObject): Outcome {
  return { result, failure: result['isError'] === true ? failureIn(result) : undefined };
}

/** The end of a call whose target, or a policy around it, threw. */
export function failed(thrown: unknown): Outcome {
  const error = toMillraceError(thrown);
  const { type, retryable } = error.toData();
  const kind = OURS.has(error.kind) ? 'refused' : kindOf(type, retryable, true);
  return { thrown, failure: { kind, reason: error.kind, retryAfterMs: error.retryAfterMs } };
}

/** Failures of which the tool is innocent. */
const OURS = new Set<string>(['circuit_open', 'shutting_down', 'worker_lost']);

/** Types of errors that say something of the caller, not of the tool. */
const REJECTIONS = new Set<string>([
  'validation',
  'authorization',
  'resource_not_found',
  'method_not_found',
  'cancelled',
]);

/** Types of errors that say that something is wrong with the tool, or with what it depends on. */
const FAULTS = new Set<string>(['timeout', 'unavailable', 'internal_server_error']);

/** @param bug whether a failure that says nothing of itself is one of the tool */
function kindOf(type: string | undefined, retryable: boolean, bug: boolean): FailureKind {
  if (type !== undefined && REJECTIONS.has(type)) return 'rejected';
  if (type === 'rate_limit_exceeded') return 'limited';
  if (retryable) return 'transient';
  return bug || (type !== undefined && FAULTS.has(type)) ? 'broken' : 'rejected';
}

/** A result that tells of a failure: what a handler refused on purpose is told from what went wrong in it. */
function failureIn(result: JsonObject): Failure {
  const meta = result['_meta'] as JsonObject | undefined;
  const data = meta?.[ERROR_META_KEY] as Partial<ErrorData> | undefined;
  const thrown = thrownBy(result);
  const bug = thrown !== undefined && !(thrown instanceof ToolError);
  const { type, name = 'tool_error', retryable = false, retryAfterMs } = data ?? {};
  return { kind: kindOf(type, retryable, bug), reason: name, retryAfterMs };
}

/** Whether a failure says that something is wrong with the tool. */
export function isOutage(failure: Failure | undefined): boolean {
  return failure?.kind === 'broken' || failure?.kind === 'transient';
}
