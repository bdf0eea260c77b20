import { hash } from 'node:crypto';
import { ANONYMOUS, type Principal } from './call.ts';
import { canonicalJson } from './canonical-json.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { IDEMPOTENCY_META_KEY, META } from './meta-keys.ts';
import { PRIORITY_META_KEY } from './priority.ts';
import { eraOf, type Revision } from './revision.ts';

/** Among whom the answer to one call may be shared: everybody, the caller's tenant, or the caller alone. */
export type Scope = 'public' | 'tenant' | 'private';

/** What of a request or call tells whether it is the same as another. */
export interface Comparable {
  readonly method: string;
  readonly params: JsonObject;
  readonly revision: Revision;
  /** Absent for the anonymous one. */
  readonly principal?: Principal;
}

/** Longest arguments that stand in a key as they are, in characters; of longer ones the hash does. */
const MAX_PLAIN = 256;

const KINDS: Readonly<Record<string, string>> = { 'tools/call': 't', 'resources/read': 'r' };

/** Anything else in the parameters, such as an answer of the client, makes a call stand for itself. */
const COMPARED = new Set(['name', 'uri', 'arguments', '_meta']);

/** What a `_meta` holds that has no part in the answer. */
const NEUTRAL = new Set<string>([
  ...Object.values(META),
  IDEMPOTENCY_META_KEY,
  PRIORITY_META_KEY,
  'progressToken',
  'traceparent',
  'tracestate',
  'baggage',
]);

/**
 * Names what a call asks for: equal for calls that may have one answer, different for all others.
 *
 * @param target name of the tool, or the URI
 * @returns undefined for a call that stands for itself, whatever others ask
 */
export function callKey(call: Comparable, target: string, scope: Scope): string | undefined {
  const { method, params, revision, principal } = call;
  const kind = KINDS[method];
  if (kind === undefined) return undefined;
  for (const member in params) if (!COMPARED.has(member)) return undefined;
  const asked = askedOf(params);
  if (asked === undefined) return undefined;
  // The answer is stamped for its era. The length keeps a target from running into what follows.
  return `${kind}${eraOf(revision)} ${sharers(scope, principal)}${target.length}:${target}${asked}`;
}

function askedOf(params: JsonObject): string | undefined {
  try {
    const text = canonicalJson(params['arguments'] ?? {}) + furtherMeta(params['_meta']);
    return text.length <= MAX_PLAIN ? text : `#${hash('sha256', text, 'base64url')}`;
  } catch (error) {
    // Nested too deeply: it is refused further on, as it is without a key.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function furtherMeta(meta: unknown): string {
  if (!isJsonObject(meta)) return '';
  let further: Record<string, unknown> | undefined;
  for (const name in meta) {
    if (NEUTRAL.has(name)) continue;
    further ??= {};
    further[name] = meta[name];
  }
  return further ? canonicalJson(further) : '';
}

function sharers(scope: Scope, principal: Principal = ANONYMOUS): string {
  if (scope === 'public') return '';
  if (scope === 'tenant') return JSON.stringify(principal.tenant);
  return principal === ANONYMOUS
    ? '[]'
    : JSON.stringify([principal.tenant, principal.id, ...(principal.roles ?? [])]);
}
