import { redisIsAway } from '@millrace/broker';
import { MillraceError, toMillraceError } from '@millrace/protocol';
import type { RequestId } from './inbound.ts';

/** @throws MillraceError `parse_error` */
export function parseMessage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MillraceError('parse_error', 'Parse error: the body is not valid JSON', { cause });
  }
}

/** The id to answer with, also when the rest of the message is refused. */
export function idOf(body: unknown): RequestId | null {
  if (typeof body !== 'object' || body === null || !('method' in body) || !('id' in body)) return null;
  return typeof body.id === 'string' || typeof body.id === 'number' ? body.id : null;
}

/** What a client is told of a failure; that Redis is away is no fault of the front door. */
export function failureOf(thrown: unknown): MillraceError {
  if (!redisIsAway(thrown)) return toMillraceError(thrown);
  return new MillraceError('broker_unavailable', 'Redis cannot be reached', {
    cause: thrown,
    retryAfterMs: 1_000,
  });
}
