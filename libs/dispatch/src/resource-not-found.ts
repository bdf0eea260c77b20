import { ERRORS, type Era, type ErrorName, MillraceError } from '@millrace/protocol';

/** Before 2026-07-28 the specification had a code of its own for a resource that does not exist. */
const SESSION_CODE = -32_002;

const codeFor = (era: Era): number => (era === 'session' ? SESSION_CODE : ERRORS.resource_not_found.code);

/** Clients know this error by the URI in its data. */
export function resourceNotFound(uri: string, era: Era): MillraceError {
  return new MillraceError('resource_not_found', `Resource not found: ${uri}`, {
    members: { uri },
    code: codeFor(era),
  });
}

/** An error object that a worker made. */
export interface WorkerError {
  readonly code: number;
  readonly data?: { readonly name?: ErrorName; readonly code?: number; readonly retryAfterMs?: number };
}

/** Workers know one code for each error. @returns the error as clients of the era know it */
export function inEra<Failure extends WorkerError>(error: Failure, era: Era): Failure {
  if (era === 'modern' || error.data?.name !== 'resource_not_found') return error;
  const code = codeFor(era);
  return { ...error, code, data: { ...error.data, code } };
}
