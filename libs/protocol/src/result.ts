import { isJsonObject, type JsonObject } from './json.ts';
import { META } from './meta-keys.ts';
import { eraOf, type Revision } from './revision.ts';

export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
}

/** Methods whose results carry caching hints in the 2026-07-28 revision. */
const CACHEABLE = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/**
 * Gives a result the form that its revision wants. In 2026-07-28 every result names its type and the server, and
 * cacheable ones carry hints; what is already there wins, so stamping twice does no harm.
 */
export function stampResult(
  result: JsonObject,
  method: string,
  revision: Revision,
  serverInfo: ServerInfo,
): JsonObject {
  if (eraOf(revision) === 'session') return result;
  const meta = isJsonObject(result['_meta']) ? result['_meta'] : undefined;
  const hints = CACHEABLE.has(method) ? { ttlMs: 0, cacheScope: 'private' } : undefined;
  return {
    ...hints,
    resultType: 'complete',
    ...result,
    _meta: { [META.serverInfo]: serverInfo, ...meta },
  };
}

/** How results say that they ask the client, or hand it a task. Inside a string its quotation marks would be escaped. */
const UNFINISHED = ['"resultType":"input_required"', '"resultType":"task"'];

/**
 * Whether a result is the end of its call, and not a question to the client or a task; without parsing it.
 *
 * @param payload JSON text of the result, as workers write it
 */
export function isFinalResult(payload: string): boolean {
  return !UNFINISHED.some((mark) => payload.includes(mark));
}
