import { type JsonObject, MillraceError } from '@millrace/protocol';
import { specTypeSchemas } from '@modelcontextprotocol/server';

const { validate } = specTypeSchemas.InitializeRequest['~standard'];

/**
 * Checks what a client says of itself before a session keeps it.
 *
 * @throws MillraceError `invalid_params` that names the first wrong field
 */
export function checkInitialize(params: JsonObject): void {
  const outcome = validate({ method: 'initialize', params });
  if (outcome instanceof Promise || outcome.issues === undefined) return;
  const [issue] = outcome.issues;
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  const field = path.slice(1).join('.');
  throw new MillraceError('invalid_params', `${field}: ${issue?.message ?? 'invalid'}`, {
    details: { field },
  });
}
