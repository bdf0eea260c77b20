import { isJsonObject, type JsonObject } from './json.ts';
import type { LogLevel } from './log-level.ts';
import { META } from './meta-keys.ts';
import type { Revision } from './revision.ts';

/** The methods that a worker answers; everything else is answered by the front door. */
export const CALL_METHODS = ['tools/call', 'resources/read', 'prompts/get', 'completion/complete'] as const;

export type CallMethod = (typeof CALL_METHODS)[number];

/** Who makes a call. Without authentication everybody is the same anonymous principal. */
export interface Principal {
  /** Stable identity, such as the subject of a token. */
  readonly id: string;
  /** The tenant whose quotas, caches and queues the call uses. */
  readonly tenant: string;
  /** What the credential grants, by name; absent where nobody is authenticated. */
  readonly roles?: readonly string[];
}

export const ANONYMOUS: Principal = { id: 'anonymous', tenant: 'default' };

/** What a worker must know of a call that may be made again with the same idempotency key. */
export interface IdempotencyClaim {
  /** Name of the record. */
  readonly record: string;
  /** Digest of the arguments. */
  readonly digest: string;
  /** Who began the call: it may be begun anew where a second run does no harm. */
  readonly owner: string;
  /** How long the result is kept, in milliseconds. */
  readonly ttlMs: number;
}

/** One MCP request on its way from a front door to a worker. */
export interface Call {
  /** Unique in the cluster; replies are correlated by it. */
  readonly id: string;
  readonly method: CallMethod;
  /** The name of the tool or prompt, or the URI of the resource, that routed the call. */
  readonly target: string;
  /** `params` of the request as the client sent them. */
  readonly params: JsonObject;
  readonly revision: Revision;
  /** Milliseconds since the epoch; nobody works on the call after that. */
  readonly deadline: number;
  /** Least severe log message that the client wants; absent when it wants none. */
  readonly logLevel?: LogLevel;
  /** Absent for the anonymous principal, which is by far the most common one in a trial. */
  readonly principal?: Principal;
  /** Id of the 2025-era session that the call belongs to. */
  readonly session?: string;
  /** What the client of a session declared at `initialize`; see `clientCapabilitiesOf`. */
  readonly capabilities?: JsonObject;
  /** Id of the task that the call runs as. */
  readonly task?: string;
  /** The record that the result goes into, for who makes the call again; absent for calls without a key. */
  readonly idempotency?: IdempotencyClaim;
  /** What a traced call is a step of, absent for all others. */
  readonly trace?: {
    /** The span of the front door, as a `traceparent`. */
    readonly parent: string;
    /** When the call was sent on its way, in epoch milliseconds. */
    readonly sentAt: number;
  };
  /** Proof of who made the call, for workers that do not trust the queue; absent without authentication. */
  readonly seal?: string;
}

/** Gives a call the proof of who made it. */
export type SealCall = (call: Call) => Call;

/** Gives calls that travel in one batch the proof of who made them. */
export type SealCalls = (calls: readonly Call[]) => readonly Call[];

const NO_CAPABILITIES: JsonObject = {};

/** What the client can do: declared once per session, or with every call since 2026-07-28. */
export function clientCapabilitiesOf({ capabilities, params }: Call): JsonObject {
  if (capabilities) return capabilities;
  const meta = params['_meta'];
  const declared = isJsonObject(meta) ? meta[META.clientCapabilities] : undefined;
  return isJsonObject(declared) ? declared : NO_CAPABILITIES;
}
