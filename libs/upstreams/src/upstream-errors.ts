import { MillraceError } from '@millrace/protocol';
import { ConnectionLost } from './connection-lost.ts';
import type { StartFailure } from './restarts.ts';

/** Lines of the server that stand in the message itself; `details` has more. */
const LINES_IN_MESSAGE = 3;

/** Why a server could not be started, with what it said itself. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
  readonly lastWords: readonly string[];

  constructor(reason: string, lastWords: readonly string[], cause: unknown) {
    super(reason, { cause });
    this.lastWords = lastWords;
  }

  get kind(): StartFailure {
    const { cause } = this;
    if (cause instanceof ConnectionLost) return cause.killed ? 'killed' : 'failed';
    const { code } = (cause ?? {}) as { code?: unknown };
    return code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' ? 'hopeless' : 'failed';
  }
}

/** No process takes the call, and none will soon. */
export function unavailable(upstream: string, cause: unknown, retryAfterMs: number): MillraceError {
  const lastWords = cause instanceof StartFailed ? cause.lastWords : [];
  const reason = cause instanceof Error ? cause.message : String(cause);
  const said = lastWords.slice(-LINES_IN_MESSAGE).join(' | ');
  return new MillraceError(
    'upstream_unavailable',
    `The upstream "${upstream}" is not available: ${reason}${said && `; it said: ${said}`}`,
    { cause, retryAfterMs, details: { upstream, ...(lastWords.length > 0 && { lastWords }) } },
  );
}

/** A process ended while it worked on a call that must not run twice. */
export function lost(upstream: string, target: string, cause: ConnectionLost): MillraceError {
  return new MillraceError(
    'upstream_lost',
    `The upstream "${upstream}" was lost while it ran ${target}: it is not known whether the call took effect`,
    { cause, details: { upstream, target } },
  );
}

/** The process that kept the state of a session is gone. */
export function stateLost(upstream: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'state_lost',
    `The process of the upstream "${upstream}" that kept the state of this session is gone: the next call begins anew`,
    { cause, details: { upstream } },
  );
}
