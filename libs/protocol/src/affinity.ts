import { ANONYMOUS, type Principal } from './call.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { AFFINITY_META_KEY } from './meta-keys.ts';

/** What of a request tells whose state it is about. */
export interface AffineRequest {
  readonly params: JsonObject;
  readonly principal?: Principal;
  /** Id of its session. */
  readonly session?: string | undefined;
}

/**
 * Whose state a call to a server is about that keeps it: that of the session, or of the handle that a client without
 * sessions names. It is bound to the principal, so that nobody finds what another one keeps under the same name.
 *
 * @returns undefined when there is neither a session nor a handle
 */
export function affinityOwnerOf({ params, principal, session }: AffineRequest): string | undefined {
  const { tenant, id } = principal ?? ANONYMOUS;
  const { _meta } = params;
  const handle = isJsonObject(_meta) ? _meta[AFFINITY_META_KEY] : undefined;
  const key = session ?? (typeof handle === 'string' && handle !== '' ? handle : undefined);
  return key === undefined
    ? undefined
    : JSON.stringify([tenant, id, session === undefined ? 'handle' : 'session', key]);
}
