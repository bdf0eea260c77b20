import type { AggregateName } from './event-log.ts';
import { StateError } from './state-error.ts';

/** @param actual version of the last event, where it is known */
export function versionConflict(
  { aggregate }: AggregateName,
  expected: number,
  actual: number | undefined,
  cause?: unknown,
): StateError {
  const now = actual === undefined ? 'another one' : `version ${actual}`;
  const message = `${aggregate} is not of version ${expected} any more, but of ${now}: read it again`;
  const details = { aggregate, expected, ...(actual !== undefined && { actual }) };
  return new StateError('conflict', message, { details, cause });
}
