import type { CatalogueView } from '@millrace/broker';
import {
  type CallMethod,
  canaryPoolOf,
  type Era,
  isJsonObject,
  isOfCanary,
  type JsonObject,
  MillraceError,
  type Permission,
  type PromptEntry,
  type ResourceEntry,
  type ToolEntry,
  type ToolPolicies,
} from '@millrace/protocol';
import { UriTemplate } from '@modelcontextprotocol/server';
import { LRUCache } from 'lru-cache';
import { type DedupScope, dedupOf, sharedScopeOf } from './dedup-scope.ts';
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
  /** What calling it takes beside the permission of its kind; absent: nothing. */
  readonly permissions?: readonly Permission[];
  /** What is switched on for the tool or resource; absent: nothing. */
  readonly policies?: ToolPolicies;
  /** Among whom identical calls in flight run once; absent: among nobody. */
  readonly dedup?: DedupScope;
  /** Whether it may do more than read, so that it makes a difference how often it is called. */
  readonly isTool?: true;
  /** What keeps state for the caller, on one worker of the pool; absent: any worker may take the call. */
  readonly affinity?: string;
}

interface Template {
  readonly pool: string;
  readonly affinity?: string;
  readonly policies?: ToolPolicies;
  readonly template: UriTemplate;
  readonly source: string;
}

/** Where resources are read from. */
type ReadEntry = Pick<Template, 'pool' | 'affinity' | 'policies'>;

/** Routes of resources that are remembered. */
const MAX_READINGS = 1_000;

/** Finds the pool that serves a call, from one state of the catalogue. */
export class Router {
  readonly #view: CatalogueView;
  readonly #sleeping: ReadonlySet<string>;
  readonly #tools: ReadonlyMap<string, Route>;
  readonly #prompts: ReadonlyMap<string, PromptEntry>;
  readonly #resources: ReadonlyMap<string, ResourceEntry>;
  readonly #templates: readonly Template[];
  /** Of the URIs that are read most: one of a template is found by trying them all. */
  readonly #readings = new LRUCache<string, Route>({ max: MAX_READINGS });

  /** Of the version on trial; undefined when there is none. */
  readonly #canary: Router | undefined;
  readonly #random: () => number;

  /**
   * @param sleeping pools whose calls wait for a worker to come when there is none
   * @param random from 0 to 1, for the share of a version on trial
   */
  constructor(view: CatalogueView, sleeping: ReadonlySet<string> = new Set(), random = Math.random) {
    this.#view = view;
    this.#random = random;
    const { canary, ...stable } = view;
    this.#canary = canary && new Router({ ...stable, ...canary.offer });
    this.#sleeping = sleeping;
    this.#tools = new Map(view.tools.map((tool) => [tool.definition.name, toolRoute(tool)]));
    this.#prompts = new Map(view.prompts.map((prompt) => [prompt.definition.name, prompt]));
    this.#resources = new Map(view.resources.map((resource) => [resource.definition.uri, resource]));
    this.#templates = view.resourceTemplates.map(
      ({ pool, affinity, policies, definition: { uriTemplate } }) => ({
        pool,
        ...(affinity !== undefined && { affinity }),
        ...(policies && { policies }),
        template: new UriTemplate(uriTemplate),
        source: uriTemplate,
      }),
    );
  }

  /**
   * @param era of the client, by which one error has its code
   * @throws MillraceError when nothing of that name is served, or its pool has no live worker, or is being drained
   */
  route(method: CallMethod, params: JsonObject, era: Era): Route {
    const found = this.#find(method, params, era);
    const route = this.#canary ? this.#orCanary(found, this.#canary, method, params, era) : found;
    if (this.#view.draining?.has(route.pool)) throw poolDraining(route);
    if (!this.#view.slots.has(route.pool) && !this.#sleeping.has(route.pool)) throw noLiveWorker(route);
    return route;
  }

  /** Calls that a canary has begun come back to it; of the others it gets its share. */
  #orCanary(stable: Route, canary: Router, method: CallMethod, params: JsonObject, era: Era): Route {
    const weight = this.#view.canary?.weights.get(canaryPoolOf(stable.pool));
    if (weight === undefined || !canary.#serves(method, stable.target)) return stable;
    const state = params['requestState'];
    const isIts = state === undefined ? this.#random() * 100 < weight : isOfCanary(state);
    return isIts ? canary.#find(method, params, era) : stable;
  }

  #serves(method: CallMethod, target: string): boolean {
    if (method === 'tools/call') return this.#tools.has(target);
    if (method === 'prompts/get') return this.#prompts.has(target);
    if (method !== 'resources/read') return false;
    return this.#resources.has(target) || this.#templates.some(({ template }) => template.match(target));
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
    if (prompt) return reading(prompt, name);
    throw new MillraceError('unknown_prompt', `Unknown prompt: ${name}`, {
      details: { field: 'name', name },
    });
  }

  #resource(uri: string, era: Era): Route {
    const known = this.#readings.get(uri);
    if (known) return known;
    const resource = this.#resources.get(uri) ?? this.#templates.find(({ template }) => template.match(uri));
    if (resource) return this.#reading(resource, uri);
    throw resourceNotFound(uri, era);
  }

  #reading(resource: ReadEntry, uri: string): Route {
    const route = reading(resource, uri);
    this.#readings.set(uri, route);
    return route;
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
    if (template) return reading(template, uriTemplate);
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
  const { pool, idempotent, timeoutMs, definition, policies, affinity, permissions } = tool;
  const task = taskRouteOf(tool);
  const dedup = dedupOf(tool);
  const paramHeaders = paramHeadersOf(definition['inputSchema']);
  return {
    pool,
    target: definition.name,
    idempotent,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(task && { task }),
    ...(paramHeaders.length > 0 && { paramHeaders }),
    ...(policies && { policies }),
    ...(dedup !== undefined && { dedup }),
    isTool: true,
    ...(affinity !== undefined && { affinity }),
    ...(permissions && { permissions }),
  };
}

/** Everything but tools only reads, so a second run does no harm. */
function reading({ pool, affinity, policies }: ReadEntry, target: string): Route {
  const dedup = policies && sharedScopeOf(policies);
  return {
    pool,
    target,
    idempotent: true,
    ...(policies && { policies }),
    ...(dedup !== undefined && { dedup }),
    ...(affinity !== undefined && { affinity }),
  };
}

function text(params: JsonObject, field: string): string {
  const value = params[field];
  if (typeof value === 'string') return value;
  throw new MillraceError('invalid_params', `${field}: expected a string`, { details: { field } });
}

function poolDraining({ pool, target }: Route): MillraceError {
  return new MillraceError(
    'pool_draining',
    `${target} takes no new calls: its pool ${pool} is being drained`,
    {
      details: { target, pool },
      retryAfterMs: 5_000,
    },
  );
}

function noLiveWorker({ pool, target }: Route): MillraceError {
  return new MillraceError('no_live_worker', `No live worker serves ${target} (pool ${pool})`, {
    details: { target, pool },
    retryAfterMs: 1_000,
  });
}
