import { MillraceError } from '@millrace/protocol';
import { redisRefused } from './redis-failure.ts';

/** What a client is told to wait before it tries again while Redis is away, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/** What it is told to wait at least when there is too much to do. */
const MIN_RETRY_MS = 100;

/** Nothing was sent, or Redis took nothing. */
export function brokerUnavailable(cause?: unknown): MillraceError {
  const text = redisRefused(cause) ? 'Redis takes no calls now' : 'Redis cannot be reached';
  return new MillraceError('broker_unavailable', text, {
    cause,
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** JSON can be read at any depth but not written. */
export function nestedTooDeeply(cause: RangeError): MillraceError {
  return new MillraceError('invalid_params', 'The parameters are nested too deeply', { cause });
}

/** What the caller of a call is told that was not put on the queue for sure. */
export function notQueued(idempotent: boolean, cause: unknown): MillraceError {
  return idempotent || redisRefused(cause) ? brokerUnavailable(cause) : outcomeUnknown(cause);
}

/** The connection broke while it was being sent. */
function outcomeUnknown(cause: unknown): MillraceError {
  return new MillraceError(
    'outcome_unknown',
    'Redis was lost while the call was put on the queue: it is not known whether it will run',
    { cause },
  );
}

/** @param lateMs by how much the call would miss its deadline, in milliseconds */
export function overloaded(target: string, lateMs: number): MillraceError {
  return new MillraceError('overloaded', `${target} would end too late`, {
    retryAfterMs: Math.max(MIN_RETRY_MS, Math.ceil(lateMs)),
  });
}
