import { MillraceError } from '@millrace/protocol';
import { toMountedError } from '@millrace/toolkit';
import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { ConnectionLost } from './connection-lost.ts';
import { InputEnded } from './stdio-transport.ts';

/**
 * What a request to an upstream rejects with: the error that the server gave, or a `ConnectionLost`.
 *
 * @param closed whether the connection has ended meanwhile
 */
export function toRequestError(error: unknown, upstream: string, closed: boolean): Error {
  if (error instanceof ProtocolError) return toMountedError(error);
  const message = error instanceof Error ? error.message : String(error);
  const lost = (begun: boolean) => new ConnectionLost(message, { begun, cause: error });
  // Nobody is there to take it: the request was not begun.
  if (isRefused(error)) return lost(false);
  if (closed || isClosed(error)) return lost(true);
  // A server that answers with such a status has not begun, unless it broke on it.
  if (error instanceof SdkHttpError) return lost(error.status >= 500);
  // What `fetch` throws when the connection breaks.
  if (error instanceof TypeError) return lost(true);
  return new MillraceError('tool_error', `${upstream}: ${message}`, { cause: error });
}

function isClosed(error: unknown): boolean {
  if (error instanceof SdkError) {
    return error.code === SdkErrorCode.ConnectionClosed || error.code === SdkErrorCode.NotConnected;
  }
  return error instanceof Error && error.message === 'Not connected';
}

function isRefused(error: unknown): boolean {
  if (error instanceof InputEnded) return true;
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  return cause?.code === 'ECONNREFUSED';
}
