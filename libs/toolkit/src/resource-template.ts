import { type Call, type JsonObject, MillraceError, type ToolPolicies } from '@millrace/protocol';
import { type Resource, UriTemplate, type Variables } from '@modelcontextprotocol/server';
import type { CallContext } from './call-context.ts';
import { type Completer, createCompletion } from './completion.ts';
import {
  describeResource,
  type ReadReturn,
  type ResourceDescription,
  runRead,
  toTarget,
} from './resource.ts';
import type { ResourceTemplateTarget, Target } from './target.ts';

export interface ResourceTemplateDefinition extends ResourceDescription {
  /** RFC 6570, such as `user://{id}`. */
  readonly uriTemplate: string;
  /** Suggests values for the variables, by their names. */
  readonly complete?: Readonly<Record<string, Completer>>;
  /** Resources of the template that are worth listing; asked once, when the plugin is registered. */
  list?(): readonly Resource[] | Promise<readonly Resource[]>;
  read(uri: string, variables: Variables, context: CallContext): ReadReturn | Promise<ReadReturn>;
}

/** Declares a family of resources. A resource of exactly the same URI goes before a template that matches it. */
export function defineResourceTemplate(definition: ResourceTemplateDefinition): ResourceTemplateTarget {
  return new DefinedTemplate(definition);
}

class DefinedTemplate implements ResourceTemplateTarget {
  readonly uriTemplate: string;
  readonly pool: string;
  readonly idempotent: boolean;
  declare readonly timeoutMs?: number;
  declare readonly policies?: ToolPolicies;
  readonly completion: Target;
  readonly #definition: ResourceTemplateDefinition;
  readonly #template: UriTemplate;

  constructor(definition: ResourceTemplateDefinition) {
    const { pool, idempotent, timeoutMs, policies } = toTarget(definition);
    this.uriTemplate = definition.uriTemplate;
    this.pool = pool;
    this.idempotent = idempotent;
    if (timeoutMs !== undefined) this.timeoutMs = timeoutMs;
    if (policies) this.policies = policies;
    this.completion = createCompletion(pool, definition.complete ?? {});
    this.#definition = definition;
    this.#template = parseTemplate(definition.uriTemplate);
  }

  describe(): JsonObject & { uriTemplate: string; name: string } {
    return { uriTemplate: this.uriTemplate, ...describeResource(this.#definition) };
  }

  async list(): Promise<readonly Resource[]> {
    return (await this.#definition.list?.()) ?? [];
  }

  matches(uri: string): boolean {
    return this.#template.match(uri) !== null;
  }

  async run(call: Call, context: CallContext): Promise<JsonObject> {
    const uri = call.target;
    const variables = this.#template.match(uri);
    if (variables === null) throw new MillraceError('resource_not_found', `Resource not found: ${uri}`);
    return runRead(call, this.#definition, context, () => this.#definition.read(uri, variables, context));
  }
}

/** Refuses a template that cannot be read, or that holds no variable and so is a plain resource. */
export function parseTemplate(uriTemplate: string): UriTemplate {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new Error(`The URI template "${uriTemplate}" is not allowed: ${reason}`, { cause });
  };
  try {
    const template = new UriTemplate(uriTemplate);
    if (template.variableNames.length > 0) return template;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), error);
  }
  return refuse('it holds no variable; define a resource instead');
}
