import { type Call, isJsonObject, type JsonObject, MillraceError } from '@millrace/protocol';
import type { CallContext } from './call-context.ts';
import { toProtocolError } from './failure.ts';
import type { Target } from './target.ts';

/**
 * Suggests values for one argument.
 * @param value what the user has typed so far
 * @param given the arguments that are already filled in
 */
export type Completer = (
  value: string,
  given: Readonly<Record<string, string>>,
) => readonly string[] | Promise<readonly string[]>;

export type Completers = Readonly<Record<string, Completer | undefined>>;

/** The most values that one answer may carry (specification, "Completion"). */
const MOST_VALUES = 100;

/** Answers `completion/complete`; an argument without a completer has no suggestions. */
export function createCompletion(pool: string, completers: Completers): Target {
  const run = async (call: Call, context: CallContext): Promise<JsonObject> => {
    const { name, value, given } = readArgument(call.params);
    const completer = Object.hasOwn(completers, name) ? completers[name] : undefined;
    try {
      return toCompletion((await completer?.(value, given)) ?? []);
    } catch (thrown) {
      throw toProtocolError(thrown, context);
    }
  };
  return { pool, idempotent: true, run };
}

function toCompletion(values: readonly string[]): JsonObject {
  return {
    completion: {
      values: values.slice(0, MOST_VALUES),
      total: values.length,
      hasMore: values.length > MOST_VALUES,
    },
  };
}

function readArgument({ argument, context }: JsonObject) {
  const { name, value } = isJsonObject(argument) ? argument : {};
  if (typeof name !== 'string' || typeof value !== 'string') {
    const field = typeof name === 'string' ? 'argument.value' : 'argument.name';
    throw new MillraceError('invalid_params', `Invalid completion request: ${field}: expected string`, {
      details: { issues: [{ path: field, message: 'expected string' }] },
    });
  }
  const given = isJsonObject(context) && isJsonObject(context['arguments']) ? context['arguments'] : {};
  return { name, value, given: given as Record<string, string> };
}
