import { type Call, clientCapabilitiesOf, isJsonObject, type JsonObject, META } from '@millrace/protocol';

/** What the agent says of its own connection, which is not that of Millrace to the upstream. */
const OF_THE_AGENT: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientInfo,
  META.clientCapabilities,
  META.logLevel,
  'progressToken',
]);

/** What a call that has asked the agent keeps until it comes back. */
export interface UpstreamRound {
  readonly requestState?: string;
  /** Of the requests that the upstream made last. */
  readonly keys: readonly string[];
}

/**
 * Parameters of a call as the upstream gets them.
 *
 * @param name under which the upstream knows the tool or prompt; absent for resources
 * @param modern whether it speaks 2026-07-28
 */
export function upstreamParams(call: Call, name: string | undefined, modern: boolean): JsonObject {
  const { _meta, inputResponses: _, requestState: __, ...params } = call.params;
  const meta = { ...cleanMeta(_meta), ...(modern && envelopeOf(call)) };
  return {
    ...(name === undefined ? params : renamed(call, params, name)),
    ...(Object.keys(meta).length > 0 && { _meta: meta }),
  };
}

export function wantsProgress({ params }: Call): boolean {
  const { _meta } = params;
  return isJsonObject(_meta) && _meta['progressToken'] !== undefined;
}

function cleanMeta(meta: unknown): JsonObject {
  if (!isJsonObject(meta)) return {};
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !OF_THE_AGENT.has(key)));
}

/** Since 2026-07-28 each call says what its own agent can do and wants to hear. */
function envelopeOf(call: Call): JsonObject {
  return {
    [META.clientCapabilities]: clientCapabilitiesOf(call),
    ...(call.logLevel !== undefined && { [META.logLevel]: call.logLevel }),
  };
}

function renamed({ method }: Call, params: JsonObject, name: string): JsonObject {
  if (method !== 'completion/complete') return { ...params, name };
  return { ...params, ref: { ...(params['ref'] as JsonObject), name } };
}
