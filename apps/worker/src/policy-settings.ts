import { type ToolPolicies, toolPoliciesSchema } from '@millrace/protocol';
import type { ToolTarget } from '@millrace/toolkit';
import { z } from 'zod';

const fields = Object.entries(toolPoliciesSchema.shape);

/** Like the policies of a definition, but `null` switches one off that the definition has on. */
const overridesSchema = z.strictObject(
  Object.fromEntries(fields.map(([name, field]) => [name, field.nullable()])),
) as unknown as z.ZodType<PolicyOverrides>;

/** What configuration says of the policies of one tool or pool. */
export type PolicyOverrides = {
  readonly [Name in keyof ToolPolicies]?: ToolPolicies[Name] | null;
};

export const policySettingsSchema = z.strictObject({
  /** By name of the tool; wins over its pool. */
  tools: z.record(z.string(), overridesSchema).default({}),
  /** By name of the pool, for all its tools; wins over their definitions. */
  pools: z.record(z.string(), overridesSchema).default({}),
});

export type PolicySettingsValue = z.output<typeof policySettingsSchema>;

/** Makes of the policies of a tool what the worker wants. */
export type AdaptPolicies = (policies: ToolPolicies, tool: ToolTarget) => ToolPolicies;

/** What counts for each tool: its definition, then what is said of its pool, then of itself; the last one wins. */
export class PolicySettings {
  readonly #tools: ReadonlyMap<string, PolicyOverrides>;
  readonly #pools: ReadonlyMap<string, PolicyOverrides>;
  readonly #found = new WeakMap<ToolTarget, ToolPolicies>();
  readonly #adapt: AdaptPolicies | undefined;

  /** @param adapt has the last word */
  constructor(settings: PolicySettingsValue, adapt?: AdaptPolicies) {
    this.#adapt = adapt;
    this.#tools = new Map(Object.entries(settings.tools));
    this.#pools = new Map(Object.entries(settings.pools));
  }

  /** Undefined when nothing is switched on. The same object each time for the same tool. */
  of(tool: ToolTarget): ToolPolicies | undefined {
    const forPool = this.#pools.get(tool.pool);
    const forTool = this.#tools.get(tool.name);
    if (!forPool && !forTool && !this.#adapt) return tool.policies;
    const found = this.#found.get(tool) ?? this.#make(tool, forPool, forTool);
    this.#found.set(tool, found);
    return Object.keys(found).length === 0 ? undefined : found;
  }

  #make(tool: ToolTarget, forPool?: PolicyOverrides, forTool?: PolicyOverrides): ToolPolicies {
    const merged = merge(tool.policies, applicable(forPool, tool), forTool);
    return this.#adapt?.(merged, tool) ?? merged;
  }

  /** Names of tools of which configuration says something, though nobody serves them. */
  unknown(served: readonly string[]): readonly string[] {
    return [...this.#tools.keys()].filter((name) => !served.includes(name));
  }
}

/** What is said of a whole pool is meant for those of its tools that it can be meant for. */
function applicable(
  overrides: PolicyOverrides | undefined,
  { idempotent, batched }: ToolTarget,
): PolicyOverrides {
  if (!overrides) return {};
  const { retry, fallback, batch, ...others } = overrides;
  const forAll =
    fallback?.kind === 'stale' && !idempotent ? {} : { ...(fallback !== undefined && { fallback }) };
  return {
    ...others,
    ...forAll,
    ...(retry !== undefined && idempotent && { retry }),
    ...(batch !== undefined && batched && { batch }),
  };
}

function merge(...layers: readonly (PolicyOverrides | undefined)[]): ToolPolicies {
  const all = layers.flatMap((layer) => Object.entries(layer ?? {}));
  const merged = new Map(all.filter(([, value]) => value !== undefined));
  return Object.fromEntries([...merged].filter(([, value]) => value !== null)) as ToolPolicies;
}
