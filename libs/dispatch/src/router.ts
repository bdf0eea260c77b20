import type { CatalogueView } from '@millrace/broker';
import {
  type CallMethod,
  type Era,
  isJsonObject,
  type JsonObject,
  MillraceError,
  type PromptEntry,
  type ResourceEntry,
  type ToolEntry,
  type ToolPolicies,
} from '@millrace/protocol';
import { UriTemplate } from '@modelcontextprotocol/server';
import { type ParamHeader, paramHeadersOf } from './param-headers.ts';
import { resourceNotFound } from './resource-not-found.ts';
import type { TaskRoute } from './task-calls.ts';

/** Where a call goes. */
export interface Route {
  readonly pool: string;
  /** What it is called on: the name of the tool or prompt, or the URI. */
  readonly target: string;
  readonly idempotent: boolean;
  readonly timeoutMs?: number;
  /** Absent for what never runs as a task. */
  readonly task?: TaskRoute;
  /** Headers that must agree with the arguments; absent when there are none. */
  readonly paramHeaders?: readonly ParamHeader[];
  /** What is switched on for the tool; absent: nothing. */
  readonly policies?: ToolPolicies;
}

interface Template {
  readonly pool: string;
  readonly template: UriTemplate;
  readonly source: string;
}

/** Finds the pool that serves a call, from one state of the catalogue. */
export class Router {
  readonly #view: CatalogueView;
  readonly #tools: ReadonlyMap<string, Route>;
  readonly #prompts: ReadonlyMap<string, PromptEntry>;
  readonly #resources: ReadonlyMap<string, ResourceEntry>;
  readonly #templates: readonly Template[];

  constructor(view: CatalogueView) {
    this.#view = view;
    this.#tools = new Map(view.tools.map((tool) => [tool.definition.name, toolRoute(tool)]));
    this.#prompts = new Map(view.prompts.map((prompt) => [prompt.definition.name, prompt]));
    this.#resources = new Map(view.resources.map((resource) => [resource.definition.uri, resource]));
    this.#templates = view.resourceTemplates.map(({ pool, definition: { uriTemplate } }) => ({
      pool,
      template: new UriTemplate(uriTemplate),
      source: uriTemplate,
    }));
  }

  /**
   * @param era of the client, by which one error has its code
   * @throws MillraceError when nothing of that name is served, or its pool has no live worker
   */
  route(method: CallMethod, params: JsonObject, era: Era): Route {
    const route = this.#find(method, params, era);
    if (!this.#view.slots.has(route.pool)) throw noLiveWorker(route);
    return route;
  }

  #find(method: CallMethod, params: JsonObject, era: Era): Route {
    switch (method) {
      case 'tools/call':
        return this.#tool(text(params, 'name'));
      case 'prompts/get':
        return this.#prompt(text(params, 'name'));
      case 'resources/read':
        return this.#resource(text(params, 'uri'), era);
      case 'completion/complete':
        return this.#completion(params['ref']);
    }
  }

  #tool(name: string): Route {
    const route = this.#tools.get(name);
    if (route) return route;
    throw new MillraceError('unknown_tool', `Unknown tool: ${name}`, { details: { field: 'name', name } });
  }

  #prompt(name: string): Route {
    const prompt = this.#prompts.get(name);
    if (prompt) return reading(prompt.pool, name);
    throw new MillraceError('unknown_prompt', `Unknown prompt: ${name}`, {
      details: { field: 'name', name },
    });
  }

  #resource(uri: string, era: Era): Route {
    const resource = this.#resources.get(uri) ?? this.#templates.find(({ template }) => template.match(uri));
    if (resource) return reading(resource.pool, uri);
    throw resourceNotFound(uri, era);
  }

  #completion(ref: unknown): Route {
    const { type, name, uri } = isJsonObject(ref) ? ref : {};
    if (type === 'ref/prompt' && typeof name === 'string') return this.#prompt(name);
    if (type === 'ref/resource' && typeof uri === 'string') return this.#template(uri);
    throw new MillraceError(
      'invalid_params',
      'ref: expected a ref/prompt with a name or a ref/resource with a uri',
      {
        details: { field: 'ref' },
      },
    );
  }

  #template(uriTemplate: string): Route {
    const template =
      this.#templates.find(({ source }) => source === uriTemplate) ?? this.#resources.get(uriTemplate);
    if (template) return reading(template.pool, uriTemplate);
    throw new MillraceError('invalid_params', `ref.uri: no resource template ${uriTemplate}`, {
      details: { field: 'ref.uri' },
    });
  }
}

function taskRouteOf({ task: mode, promoteAfterMs, timeoutMs }: ToolEntry): TaskRoute | undefined {
  if (mode === undefined || mode === 'never') return undefined;
  return {
    mode,
    ...(promoteAfterMs !== undefined && { promoteAfterMs }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

/** Made once for each state of the catalogue, not for each call. */
function toolRoute(tool: ToolEntry): Route {
  const { pool, idempotent, timeoutMs, definition, policies } = tool;
  const task = taskRouteOf(tool);
  const paramHeaders = paramHeadersOf(definition['inputSchema']);
  return {
    pool,
    target: definition.name,
    idempotent,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(task && { task }),
    ...(paramHeaders.length > 0 && { paramHeaders }),
    ...(policies && { policies }),
  };
}

/** Everything but tools only reads, so a second run does no harm. */
function reading(pool: string, target: string): Route {
  return { pool, target, idempotent: true };
}

function text(params: JsonObject, field: string): string {
  const value = params[field];
  if (typeof value === 'string') return value;
  throw new MillraceError('invalid_params', `${field}: expected a string`, { details: { field } });
}

function noLiveWorker({ pool, target }: Route): MillraceError {
  return new MillraceError('no_live_worker', `No live worker serves ${target} (pool ${pool})`, {
    details: { target, pool },
    retryAfterMs: 1_000,
  });
}
