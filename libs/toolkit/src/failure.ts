import {
  ERROR_META_KEY,
  type ErrorData,
  isJsonObject,
  type JsonObject,
  MillraceError,
} from '@millrace/protocol';
import type { CallContext } from './call-context.ts';
import { InputNeeded } from './input/inputs.ts';
import { describeFailure } from './tool-error.ts';

// A symbol is invisible to JSON: the thrown value stays in the worker even when the result is copied.
const THROWN = Symbol('thrown');

/** A tool result that tells of a failure in text for the model and in `_meta` for programs. */
export function failedResult(thrown: unknown, requestId: string): JsonObject {
  const data = describeFailure(thrown, requestId);
  return {
    ...withFailure({ content: [{ type: 'text', text: data.message }], isError: true }, data),
    [THROWN]: thrown,
  };
}

/** Adds the structured error to a result. */
export function withFailure(result: JsonObject, data: ErrorData): JsonObject {
  return { ...result, _meta: { ...(result['_meta'] as JsonObject | undefined), [ERROR_META_KEY]: data } };
}

/** A result that tells of a failure in text alone gets the structured form, after its first text; any other stays. */
export function explained(result: JsonObject, requestId: string): JsonObject {
  const { isError, content, _meta: meta } = result;
  if (isError !== true || (isJsonObject(meta) && meta[ERROR_META_KEY] !== undefined)) return result;
  const first: unknown = Array.isArray(content) ? content.find((block) => block?.type === 'text') : undefined;
  const text = isJsonObject(first) ? String(first['text']) : 'The tool failed';
  return withFailure(result, describeFailure(text, requestId));
}

/** What the handler threw, with its stack, when the result tells of that; for the worker's own log. */
export function thrownBy(result: JsonObject): unknown {
  return (result as { [THROWN]?: unknown })[THROWN];
}

/** Whether something thrown is not a failure of the handler: an error of ours, the end of an aborted call, or of a run. */
export function passesThrough(thrown: unknown, context: CallContext): boolean {
  if (thrown instanceof MillraceError || thrown instanceof InputNeeded) return true;
  if (!(thrown instanceof Error)) return false;
  // The signal is made when it is first asked for, so only errors that may come from it ask.
  return thrown.name === 'AbortError' || thrown.name === 'TimeoutError' ? context.signal.aborted : false;
}

/** What a resource or prompt throws, whose results cannot tell of failures, as a JSON-RPC error. */
export function toProtocolError(thrown: unknown, context: CallContext): unknown {
  if (passesThrough(thrown, context)) return thrown;
  const data = describeFailure(thrown, context.requestId);
  return new MillraceError('tool_error', data.message, { cause: thrown, wireData: data });
}
