import {
  type Call,
  isJsonObject,
  type Offer,
  type PromptEntry,
  type ResourceEntry,
  type ResourceTemplateEntry,
  type ToolEntry,
} from '@millrace/protocol';
import { createCompletion } from './completion.ts';
import { type Middleware, sortMiddleware } from './middleware.ts';
import type { Served, ServedParts } from './served-parts.ts';
import type { PromptTarget, ResourceTarget, ResourceTemplateTarget, Target, ToolTarget } from './target.ts';

interface Owned<Kind, Entry> extends Served<Kind, Entry> {
  readonly plugin: string;
}

type Shelf<Kind, Entry> = ReadonlyMap<string, Owned<Kind, Entry>>;

/** Everything that the plugins of a worker serve, by name. Never changed: the registry makes a new one. */
export class RegistryIndex {
  readonly middleware: readonly Middleware[];
  readonly #tools: Shelf<ToolTarget, ToolEntry>;
  readonly #resources: Shelf<ResourceTarget, ResourceEntry>;
  readonly #templates: Shelf<ResourceTemplateTarget, ResourceTemplateEntry>;
  readonly #prompts: Shelf<PromptTarget, PromptEntry>;
  readonly #listed: readonly ResourceEntry[];

  /** Throws when two plugins, or one plugin twice, serve the same name. */
  constructor(plugins: ReadonlyMap<string, ServedParts>) {
    this.#tools = shelve(plugins, 'tool', (parts) => parts.tools, nameOf);
    this.#resources = shelve(
      plugins,
      'resource',
      (parts) => parts.resources,
      (target) => target.uri,
    );
    this.#templates = shelve(
      plugins,
      'resource template',
      (parts) => parts.resourceTemplates,
      (target) => target.uriTemplate,
    );
    this.#prompts = shelve(plugins, 'prompt', (parts) => parts.prompts, nameOf);
    const parts = [...plugins.values()];
    this.#listed = this.#withoutDuplicates(parts.flatMap((part) => part.listed));
    this.middleware = sortMiddleware(parts.flatMap((part) => part.middleware));
  }

  find({ method, target, params }: Pick<Call, 'method' | 'target' | 'params'>): Target | undefined {
    switch (method) {
      case 'tools/call':
        return this.#tools.get(target)?.target;
      case 'prompts/get':
        return this.#prompts.get(target)?.target;
      case 'resources/read':
        return this.#resources.get(target)?.target ?? this.#findTemplate(target);
      case 'completion/complete':
        return this.#findCompletion(params['ref']);
    }
  }

  offer(pools?: readonly string[]): Offer {
    const served = pools && new Set(pools);
    const inPools = (entry: { pool: string }) => served?.has(entry.pool) ?? true;
    const resources = [...entriesOf(this.#resources), ...this.#listed];
    return {
      tools: sortBy(entriesOf(this.#tools).filter(inPools), (entry) => entry.definition.name),
      resources: sortBy(resources.filter(inPools), (entry) => entry.definition.uri),
      resourceTemplates: sortBy(
        entriesOf(this.#templates).filter(inPools),
        (entry) => entry.definition.uriTemplate,
      ),
      prompts: sortBy(entriesOf(this.#prompts).filter(inPools), (entry) => entry.definition.name),
    };
  }

  #findTemplate(uri: string): Target | undefined {
    for (const { target } of this.#templates.values()) if (target.matches(uri)) return target;
    return undefined;
  }

  #findCompletion(ref: unknown): Target | undefined {
    if (!isJsonObject(ref)) return undefined;
    if (ref['type'] === 'ref/prompt') return this.#prompts.get(String(ref['name']))?.target.completion;
    if (ref['type'] !== 'ref/resource') return undefined;
    const uri = String(ref['uri']);
    const resource = this.#resources.get(uri)?.target;
    // A resource without variables may be asked about and has nothing to suggest.
    return this.#templates.get(uri)?.target.completion ?? (resource && createCompletion(resource.pool, {}));
  }

  #withoutDuplicates(listed: readonly ResourceEntry[]): readonly ResourceEntry[] {
    const byUri = new Map(listed.map((entry) => [entry.definition.uri, entry]));
    return [...byUri.values()].filter((entry) => !this.#resources.has(entry.definition.uri));
  }
}

function shelve<Kind, Entry>(
  plugins: ReadonlyMap<string, ServedParts>,
  kind: string,
  partsOf: (parts: ServedParts) => readonly Served<Kind, Entry>[],
  keyOf: (target: Kind) => string,
): Shelf<Kind, Entry> {
  const shelf = new Map<string, Owned<Kind, Entry>>();
  for (const [plugin, parts] of plugins) {
    for (const served of partsOf(parts)) {
      const key = keyOf(served.target);
      const other = shelf.get(key)?.plugin;
      if (other !== undefined) throw new Error(describeClash(kind, key, other, plugin));
      shelf.set(key, { ...served, plugin });
    }
  }
  return shelf;
}

function describeClash(kind: string, key: string, first: string, second: string): string {
  if (first === second) return `Plugin "${first}" has two of the ${kind} "${key}"`;
  return `The ${kind} "${key}" of plugin "${second}" is taken: plugin "${first}" has one of that name`;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function entriesOf<Entry>(shelf: Shelf<unknown, Entry>): Entry[] {
  return [...shelf.values()].map(({ entry }) => entry);
}

// By code unit, not by locale: every worker must publish the same text, for offers are stored by their hash.
function sortBy<Entry>(entries: Entry[], keyOf: (entry: Entry) => string): Entry[] {
  return entries.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
