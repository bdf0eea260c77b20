import { type Call, isJsonObject, type JsonObject } from '@millrace/protocol';
import type { CallContext } from '../call-context.ts';
import { createCompletion } from '../completion.ts';
import type { PluginParts } from '../plugin.ts';
import { parseTemplate } from '../resource-template.ts';
import type { Target, ToolTarget } from '../target.ts';

/** How the parts of one mounted server are served. */
export interface Mounting {
  readonly pool: string;
  readonly timeoutMs?: number;
  /** By tool name; others follow their annotations. */
  readonly idempotent: Readonly<Record<string, boolean>>;
  run(call: Call, context: CallContext): Promise<JsonObject>;
}

/** What a server's lists are read from. */
export interface ListedServer {
  readonly capabilities: JsonObject;
  request(method: string, params: JsonObject): Promise<JsonObject>;
}

/** Everything that a server lists, as parts of a plugin whose calls go to the server. */
export async function readParts(connection: ListedServer, mounting: Mounting): Promise<PluginParts> {
  const { tools, resources, prompts, completions } = connection.capabilities;
  const read = (capability: unknown, method: string, key: string) =>
    isJsonObject(capability) ? readPages(connection, method, key) : [];
  const base = toTarget(mounting);
  // A server without completions is not asked: its parts have nothing to suggest.
  const completion = isJsonObject(completions) ? base : createCompletion(mounting.pool, {});
  const [toolList, resourceList, templateList, promptList] = await Promise.all([
    read(tools, 'tools/list', 'tools'),
    read(resources, 'resources/list', 'resources'),
    read(resources, 'resources/templates/list', 'resourceTemplates'),
    read(prompts, 'prompts/list', 'prompts'),
  ]);
  return {
    tools: (toolList as Named[]).map((tool) => mountTool(tool, mounting, base)),
    resources: (resourceList as (Named & { uri: string })[]).map((resource) => ({
      ...base,
      uri: resource.uri,
      describe: () => resource,
    })),
    resourceTemplates: (templateList as (Named & { uriTemplate: string })[]).map((template) =>
      mountTemplate(template, base, completion),
    ),
    prompts: (promptList as Named[]).map((prompt) => ({
      ...base,
      name: prompt.name,
      completion,
      describe: () => prompt,
    })),
  };
}

type Named = JsonObject & { name: string };

function toTarget({ pool, timeoutMs, run }: Mounting): Target {
  return { pool, idempotent: true, ...(timeoutMs !== undefined && { timeoutMs }), run };
}

function mountTool(tool: Named, { idempotent }: Mounting, base: Target): ToolTarget {
  const hints = isJsonObject(tool['annotations']) ? tool['annotations'] : {};
  return {
    ...base,
    name: tool.name,
    idempotent: idempotent[tool.name] ?? (hints['readOnlyHint'] === true || hints['idempotentHint'] === true),
    describe: () => tool,
  };
}

function mountTemplate(template: Named & { uriTemplate: string }, base: Target, completion: Target) {
  const { uriTemplate } = template;
  const parsed = parseTemplate(uriTemplate);
  return {
    ...base,
    uriTemplate,
    completion,
    matches: (uri: string) => parsed.match(uri) !== null,
    describe: () => template,
  };
}

async function readPages(connection: ListedServer, method: string, key: string): Promise<unknown[]> {
  const all: unknown[] = [];
  let cursor: unknown;
  do {
    const page = await connection.request(method, cursor === undefined ? {} : { cursor });
    all.push(...(page[key] as unknown[]));
    cursor = page['nextCursor'];
  } while (cursor !== undefined);
  return all;
}
