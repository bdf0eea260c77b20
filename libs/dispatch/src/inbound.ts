import type { IncomingHttpHeaders } from 'node:http';
import type { SessionRecord } from '@millrace/broker';
import type { Caller, Era, JsonObject, Principal, Revision } from '@millrace/protocol';

export type RequestId = string | number;

/** One JSON-RPC request, classified and checked, on its way to the handler of its method. */
export interface InboundRequest {
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  readonly revision: Revision;
  readonly era: Era;
  /** Size of the body it came in, in bytes. */
  readonly bytes: number;
  /** Of the HTTP request that it came in; absent on other transports. */
  readonly headers?: IncomingHttpHeaders;
  /** Address that it came from, where that is wanted. */
  readonly source?: string;
  readonly principal: Principal;
  /** What the principal may do, and for how long; absent where nobody is authenticated, and everything is allowed. */
  readonly caller?: Caller;
  /** The 2025-era session that it belongs to; absent for stateless requests. */
  readonly session?: SessionRecord;
}

/** What a classifier knows of a request: everything but who makes it. */
export type ClassifiedRequest = Omit<InboundRequest, 'principal' | 'caller' | 'session'>;

/** What a message can be. */
export type Inbound =
  | { readonly kind: 'request'; readonly request: ClassifiedRequest }
  /** Acknowledged, never answered. */
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  /** The answer to a request that the server put to the client of a session. */
  | { readonly kind: 'response'; readonly message: JsonObject }
  /** Several messages in one body, as revision 2025-03-26 has them. */
  | { readonly kind: 'batch'; readonly messages: readonly unknown[] };
