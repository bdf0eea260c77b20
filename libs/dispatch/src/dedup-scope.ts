import { isJsonObject, type Scope, type ToolEntry, type ToolPolicies } from '@millrace/protocol';

/**
 * Among whom identical calls in flight run once. `self` is for tools that nobody decided it for: the one caller, in one
 * session and with one set of capabilities, so that nothing a tool may look at differs.
 */
export type DedupScope = Scope | 'self';

/** What the policies say; what is cached is protected from stampedes by those who may have it from the cache. */
export function sharedScopeOf({ dedup, cache }: ToolPolicies): Scope | undefined {
  if (dedup === 'off') return undefined;
  return dedup ?? cache?.scope;
}

/** By default only tools that say of themselves that they are read-only and idempotent run once for several calls. */
export function dedupOf({
  policies = {},
  definition,
  idempotent,
  task,
  affinity,
}: ToolEntry): DedupScope | undefined {
  if (!idempotent || task === 'required' || policies.dedup === 'off') return undefined;
  const said = sharedScopeOf(policies);
  if (said !== undefined) return said;
  const { annotations } = definition;
  const harmless =
    isJsonObject(annotations) &&
    annotations['readOnlyHint'] === true &&
    annotations['idempotentHint'] === true;
  return harmless && affinity === undefined ? 'self' : undefined;
}
