import type { IncomingMessage } from 'node:http';
import type { SessionRecord } from '@millrace/broker';
import { type ClassifiedRequest, headerOf, type InboundRequest } from '@millrace/dispatch';
import { ANONYMOUS, type Caller, type Principal } from '@millrace/protocol';

/** Who makes a request; without authentication there is no caller. */
export interface Identity {
  /** Where the request came from, if that is put on record. */
  readonly source?: string;
  readonly principal: Principal;
  readonly caller?: Caller;
}

export const NOBODY: Identity = { principal: ANONYMOUS };

/** A request of a session is served by the session's revision, unless it names another itself. */
export function inSession(
  classified: ClassifiedRequest,
  request: IncomingMessage,
  session: SessionRecord,
  identity: Identity,
): InboundRequest {
  const named = headerOf(request.headers, 'mcp-protocol-version') !== undefined;
  const revision = named ? classified.revision : session.revision;
  return { ...classified, revision, ...identity, session };
}

/** The identity of somebody who was authenticated. */
export function identityOf(caller: Caller): Identity {
  return { principal: caller.principal, caller };
}
