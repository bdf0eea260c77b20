import { redisIsAway, redisRefused } from '@millrace/broker';
import { MillraceError, toMillraceError } from '@millrace/protocol';
import type { RequestId } from './inbound.ts';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits, parseWithin } from './message-limits.ts';

/** @throws MillraceError `parse_error`, or `invalid_request` for what is too large */
export function parseMessage(text: string, limits: MessageLimits = DEFAULT_MESSAGE_LIMITS): unknown {
  return parseWithin(text, limits);
}

/** The id to answer with, also when the rest of the message is refused. */
export function idOf(body: unknown): RequestId | null {
  if (typeof body !== 'object' || body === null || !('method' in body) || !('id' in body)) return null;
  // A number may be too large to be written down again.
  return typeof body.id === 'string' || Number.isFinite(body.id) ? (body.id as RequestId) : null;
}

/** What a client is told of a failure; that Redis is away is no fault of the front door. */
export function failureOf(thrown: unknown): MillraceError {
  const refused = redisRefused(thrown);
  if (!refused && !redisIsAway(thrown)) return toMillraceError(thrown);
  const text = refused ? 'Redis takes no commands now' : 'Redis cannot be reached';
  return new MillraceError('broker_unavailable', text, {
    cause: thrown,
    retryAfterMs: 1_000,
  });
}
