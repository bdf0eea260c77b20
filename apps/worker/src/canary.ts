import { canaryPoolOf, type Offer, type ToolPolicies } from '@millrace/protocol';
import type { ToolTarget } from '@millrace/toolkit';

/** The settings that make a worker a canary. */
export interface CanarySettings {
  readonly pools: readonly string[];
  /** Percent of the calls that canaries are to get; undefined for a worker that is none. */
  readonly canaryWeight?: number | undefined;
}

/** The pools whose queues the worker takes from. */
export function queuesOf({ pools, canaryWeight }: CanarySettings): readonly string[] {
  return canaryWeight === undefined ? pools : pools.map(canaryPoolOf);
}

/** An offer as it is published: what a canary serves is called on its own queue. */
export function published(offer: Offer, { canaryWeight }: CanarySettings): Offer {
  if (canaryWeight === undefined) return offer;
  const moved = <T extends { readonly pool: string }>(entries: readonly T[]): T[] =>
    entries.map((entry) => ({ ...entry, pool: canaryPoolOf(entry.pool) }));
  return {
    tools: moved(offer.tools),
    resources: moved(offer.resources),
    resourceTemplates: moved(offer.resourceTemplates),
    prompts: moved(offer.prompts),
  };
}

/** The breaker of a canary is its own, so that it opens for nobody else. */
export function ownBreaker(policies: ToolPolicies, { name }: Pick<ToolTarget, 'name'>): ToolPolicies {
  const { breaker } = policies;
  return breaker
    ? { ...policies, breaker: { ...breaker, name: canaryPoolOf(breaker.name ?? name) } }
    : policies;
}
