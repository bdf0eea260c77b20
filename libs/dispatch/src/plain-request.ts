import { isJsonObject, type JsonObject, META, type Revision } from '@millrace/protocol';
import type { RequestId } from './inbound.ts';

/** A JSON-RPC request whose form needs no further check. */
export interface PlainRequest {
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  readonly meta: JsonObject | undefined;
}

const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params']);

/** Recognises the request that nearly every body is; undefined for whatever deserves a closer look. */
export function asPlainRequest(body: unknown): PlainRequest | undefined {
  if (!isJsonObject(body) || body['jsonrpc'] !== '2.0') return undefined;
  for (const member in body) if (!MEMBERS.has(member)) return undefined;
  const { id, method, params } = body;
  if (!isRequestId(id) || typeof method !== 'string' || !isJsonObject(params)) return undefined;
  const meta = params['_meta'];
  if (meta !== undefined && !isJsonObject(meta)) return undefined;
  return { id, method, params, meta };
}

/** Envelopes remembered at most. Clients send the same one with every request, so a few are enough. */
const CAPACITY = 1_000;

/** Longest envelope that is remembered, in characters. */
const MAX_LENGTH = 4_096;

/**
 * `_meta` envelopes that passed the SDK's check. That check parses with a schema that costs more than the rest of
 * the request together, so an envelope that passed once is known by its text from then on.
 */
export class KnownEnvelopes {
  readonly #known = new Set<string>();

  has(meta: JsonObject): boolean {
    const key = keyOf(meta);
    return key !== undefined && this.#known.has(key);
  }

  learn(meta: JsonObject): void {
    const key = keyOf(meta);
    if (key === undefined) return;
    if (this.#known.size >= CAPACITY) this.#known.clear();
    this.#known.add(key);
  }
}

/** The revision that the envelope claims, if it claims one at all. */
export function claimOf(meta: JsonObject | undefined): Revision | undefined {
  const claim = meta?.[META.protocolVersion];
  return typeof claim === 'string' ? claim : undefined;
}

/** Text of an envelope without the progress token, which differs from call to call and is checked here. */
function keyOf({ progressToken, ...rest }: JsonObject): string | undefined {
  if (progressToken !== undefined && !isRequestId(progressToken)) return undefined;
  const text = JSON.stringify(rest);
  return text.length <= MAX_LENGTH ? text : undefined;
}

function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || Number.isSafeInteger(value);
}
