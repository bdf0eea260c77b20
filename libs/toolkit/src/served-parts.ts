import type {
  JsonObject,
  PromptEntry,
  ResourceEntry,
  ResourceTemplateEntry,
  ToolEntry,
} from '@millrace/protocol';
import type { Middleware, OrderedMiddleware } from './middleware.ts';
import { checkParamHeaders } from './param-headers.ts';
import type { PluginParts } from './plugin.ts';
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

/** Describes all parts. Rejects with the first that cannot be served. */
export async function serveParts(parts: PluginParts): Promise<ServedParts> {
  const { tools = [], resources = [], resourceTemplates = [], prompts = [], middleware = [] } = parts;
  const listed = await Promise.all(resourceTemplates.map(listTemplate));
  return {
    tools: tools.map((target) => ({ target, entry: toToolEntry(target) })),
    resources: resources.map(withEntry),
    resourceTemplates: resourceTemplates.map(withEntry),
    prompts: prompts.map(withEntry),
    listed: listed.flat(),
    middleware,
  };
}

function toToolEntry(target: ToolTarget): ToolEntry {
  const { pool, idempotent, timeoutMs, task, promoteAfterMs, policies } = target;
  const definition = target.describe();
  checkParamHeaders(definition['inputSchema'], `Tool ${target.name}, input`);
  return {
    pool,
    definition,
    idempotent,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(task !== undefined && { task }),
    ...(promoteAfterMs !== undefined && { promoteAfterMs }),
    ...(policies && { policies }),
  };
}

function withEntry<Definition extends JsonObject, Kind extends { pool: string; describe(): Definition }>(
  target: Kind & { describe(): Definition },
): Served<Kind, { pool: string; definition: Definition }> {
  return { target, entry: { pool: target.pool, definition: target.describe() } };
}

async function listTemplate(template: ResourceTemplateTarget): Promise<ResourceEntry[]> {
  const definitions = (await template.list?.()) ?? [];
  return definitions.map((definition) => ({ pool: template.pool, definition }));
}
