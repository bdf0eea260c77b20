import { type Call, isJsonObject, type JsonObject } from '@millrace/protocol';
import {
  type CallContext,
  checkedTool,
  type ListedServer,
  type PluginParts,
  type PromptTarget,
  readParts,
  type ToolTarget,
} from '@millrace/toolkit';
import { Names } from './names.ts';
import type { UpstreamSettings } from './settings.ts';

/**
 * Runs a call on the upstream.
 * @param name under which the upstream knows the tool or prompt; absent for resources
 */
export type RunOnUpstream = (
  call: Call,
  context: CallContext,
  name: string | undefined,
  idempotent: boolean,
) => Promise<JsonObject>;

/**
 * Everything that an upstream lists, as it is served here.
 *
 * @param onRefused told why a tool is not served: its schema cannot be used
 */
export async function readUpstreamParts(
  server: ListedServer,
  settings: UpstreamSettings,
  run: RunOnUpstream,
  onRefused: (error: unknown) => void,
): Promise<PluginParts> {
  const { pool, timeoutMs } = settings;
  const names = new Names(settings);
  const parts = await readParts(server, {
    pool,
    idempotent: {},
    ...(timeoutMs !== undefined && { timeoutMs }),
    // Resources and templates, which keep their URIs, run as they are.
    run: (call, context) => run(call, context, undefined, true),
  });
  const affine = settings.affinity === 'session' ? { affinity: settings.name } : {};
  return {
    tools: (parts.tools ?? [])
      .filter(({ name }) => names.serves(name))
      .flatMap((tool) => checked({ ...toTool(tool, names, run), ...affine }, onRefused)),
    resources: (parts.resources ?? []).map((resource) => ({ ...resource, ...affine })),
    resourceTemplates: (parts.resourceTemplates ?? []).map((template) => ({ ...template, ...affine })),
    prompts: (parts.prompts ?? []).map((prompt) => ({ ...toPrompt(prompt, names, run), ...affine })),
  };
}

/** One tool with a schema that cannot be used does not keep the others from being served. */
function checked(tool: ToolTarget, onRefused: (error: unknown) => void): ToolTarget[] {
  try {
    return [checkedTool(tool)];
  } catch (error) {
    onRefused(error);
    return [];
  }
}

function toTool(tool: ToolTarget, names: Names, run: RunOnUpstream): ToolTarget {
  const { timeoutMs, task, promoteAfterMs, policies, ...said } = names.settingsOf(tool.name);
  const name = names.ours(tool.name);
  const idempotent = said.idempotent ?? tool.idempotent;
  return {
    ...tool,
    name,
    idempotent,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(task !== undefined && { task }),
    ...(promoteAfterMs !== undefined && { promoteAfterMs }),
    ...(policies && { policies }),
    describe: () => ({ ...withoutExecution(tool.describe()), name }),
    run: (call, context) => run(call, context, tool.name, idempotent),
  };
}

/** Millrace runs tools as tasks itself; how the upstream would is between the two of them. */
function withoutExecution(definition: JsonObject & { name: string }): JsonObject & { name: string } {
  const { execution, ...rest } = definition;
  return isJsonObject(execution) ? rest : definition;
}

function toPrompt(prompt: PromptTarget, names: Names, run: RunOnUpstream): PromptTarget {
  const name = names.ours(prompt.name);
  return {
    ...prompt,
    name,
    describe: () => ({ ...prompt.describe(), name }),
    run: (call, context) => run(call, context, prompt.name, true),
    completion: { ...prompt.completion, run: (call, context) => run(call, context, prompt.name, true) },
  };
}
