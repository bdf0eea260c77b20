import type {
  JsonObject,
  PromptEntry,
  ResourceEntry,
  ResourceTemplateEntry,
  ToolEntry,
  ToolPolicies,
} from '@millrace/protocol';
import type { Middleware, OrderedMiddleware } from './middleware.ts';
import { checkParamHeaders } from './param-headers.ts';
import type { PluginParts } from './plugin.ts';
import { checkPolicies } from './policies.ts';
import type { PromptTarget, ResourceTarget, ResourceTemplateTarget, ToolTarget } from './target.ts';

/** A target with what the catalogue says of it. */
export interface Served<Kind, Entry> {
  readonly target: Kind;
  readonly entry: Entry;
}

/** Parts whose definitions are made and found to be good; nothing is described again after that. */
export interface ServedParts {
  readonly tools: readonly Served<ToolTarget, ToolEntry>[];
  readonly resources: readonly Served<ResourceTarget, ResourceEntry>[];
  readonly resourceTemplates: readonly Served<ResourceTemplateTarget, ResourceTemplateEntry>[];
  readonly prompts: readonly Served<PromptTarget, PromptEntry>[];
  /** Resources that templates want to be listed; their templates read them. */
  readonly listed: readonly ResourceEntry[];
  readonly middleware: readonly (Middleware | OrderedMiddleware)[];
}

/** The policies that count for a tool: its own, or what configuration makes of them. */
export type PoliciesOf = (tool: ToolTarget) => ToolPolicies | undefined;

/** Describes all parts. Rejects with the first that cannot be served. */
export async function serveParts(parts: PluginParts, policiesOf: PoliciesOf): Promise<ServedParts> {
  const { tools = [], resources = [], resourceTemplates = [], prompts = [], middleware = [] } = parts;
  const listed = await Promise.all(resourceTemplates.map(listTemplate));
  return {
    tools: tools.map((target) => ({ target, entry: toToolEntry(target, policiesOf(target)) })),
    resources: resources.map(withEntry),
    resourceTemplates: resourceTemplates.map(withEntry),
    prompts: prompts.map(withEntry),
    listed: listed.flat(),
    middleware,
  };
}

function toToolEntry(target: ToolTarget, policies: ToolPolicies | undefined): ToolEntry {
  const { pool, idempotent, timeoutMs, task, promoteAfterMs, affinity, permissions } = target;
  const definition = target.describe();
  if (policies) checkPolicies(target, policies, definition['outputSchema'] !== undefined);
  checkParamHeaders(definition['inputSchema'], `Tool ${target.name}, input`);
  return {
    pool,
    definition,
    idempotent,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(task !== undefined && { task }),
    ...(promoteAfterMs !== undefined && { promoteAfterMs }),
    ...(policies && { policies }),
    ...(affinity !== undefined && { affinity }),
    ...(permissions && { permissions }),
  };
}

interface Described<Definition> {
  readonly pool: string;
  readonly affinity?: string;
  readonly policies?: ToolPolicies;
  describe(): Definition;
}

function withEntry<Definition extends JsonObject, Kind extends Described<Definition>>(
  target: Kind & Described<Definition>,
): Served<Kind, { pool: string; affinity?: string; policies?: ToolPolicies; definition: Definition }> {
  const { pool, affinity, policies } = target;
  return {
    target,
    entry: {
      pool,
      ...(affinity !== undefined && { affinity }),
      ...(policies && { policies }),
      definition: target.describe(),
    },
  };
}

async function listTemplate(template: ResourceTemplateTarget): Promise<ResourceEntry[]> {
  const definitions = (await template.list?.()) ?? [];
  const { pool, policies } = template;
  return definitions.map((definition) => ({ pool, ...(policies && { policies }), definition }));
}
