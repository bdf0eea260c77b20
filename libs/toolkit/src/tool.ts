import {
  type Call,
  isJsonObject,
  type JsonObject,
  MillraceError,
  type TaskMode,
  type ToolPolicies,
  type ToolPoliciesInput,
} from '@millrace/protocol';
import type { CallToolResult, Icon, ToolAnnotations } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { CallContext } from './call-context.ts';
import { failedResult, passesThrough } from './failure.ts';
import { type InputRequired, isInputRequired } from './input/input-required.ts';
import { runRounds } from './input/rounds.ts';
import { INPUT_VERSION_META_KEY, type InputMigration, InputVersions } from './input-versions.ts';
import { checkName } from './name.ts';
import { readPolicies } from './policies.ts';
import { check, checkArguments, describeIssues, type ObjectSchema, toWireSchema } from './schema.ts';
import { DEFAULT_POOL, type ToolTarget } from './target.ts';

/**
 * What a handler may return: text, a whole result, or, when the tool declares its output, a value of it. Then a
 * whole result is told from a value by `content` together with `structuredContent` or `isError`. A tool that needs input
 * first returns `inputRequired(…)`.
 */
export type ToolReturn<Output extends ObjectSchema | undefined> =
  | (Output extends ObjectSchema ? z.input<Output> | WholeResult : string | CallToolResult)
  | InputRequired;

type WholeResult = CallToolResult & ({ structuredContent: JsonObject } | { isError: true });

export interface ToolDefinition<Input extends ObjectSchema, Output extends ObjectSchema | undefined> {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  /** What the arguments must be. Without it the tool takes none. */
  readonly input?: Input;
  /** Version of the input, told in `_meta` of the definition; 1 unless given. Needed with `migrations`. */
  readonly inputVersion?: number;
  /** What makes arguments of older versions fit the input; see `InputVersions`. */
  readonly migrations?: readonly InputMigration[];
  /** What the handler returns as structured content. */
  readonly output?: Output;
  readonly annotations?: ToolAnnotations;
  readonly pool?: string;
  /** Whether a second run does no harm; follows `readOnlyHint` and `idempotentHint` unless given. */
  readonly idempotent?: boolean;
  /** Longest run in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether it runs as a task: never unless given. */
  readonly task?: TaskMode;
  /** With `task: 'optional'`: a call that runs for longer than this, in milliseconds, turns into a task. */
  readonly promoteAfterMs?: number;
  /** What is switched on around each run; configuration of the worker may say otherwise. */
  readonly policies?: ToolPoliciesInput;
  /** `_meta` of the definition in `tools/list`. */
  readonly meta?: JsonObject;
  handler(args: z.output<Input>, context: CallContext): ToolReturn<Output> | Promise<ToolReturn<Output>>;
}

/** Declares a tool. The handler's arguments and return value take their types from the schemas. */
export function defineTool<
  Input extends ObjectSchema = z.ZodObject<Record<never, never>>,
  Output extends ObjectSchema | undefined = undefined,
>(definition: ToolDefinition<Input, Output>): ToolTarget {
  return new DefinedTool(definition as unknown as AnyDefinition);
}

/** A definition whose types have done their work: what the schemas let through fits the handler. */
type AnyDefinition = ToolDefinition<ObjectSchema, ObjectSchema | undefined>;

const NO_ARGUMENTS: ObjectSchema = z.object({});

class DefinedTool implements ToolTarget {
  readonly name: string;
  readonly pool: string;
  readonly idempotent: boolean;
  declare readonly timeoutMs?: number;
  declare readonly task?: TaskMode;
  declare readonly promoteAfterMs?: number;
  declare readonly policies?: ToolPolicies;
  readonly #definition: AnyDefinition;
  readonly #input: ObjectSchema;
  readonly #versions: InputVersions | undefined;

  constructor(definition: AnyDefinition) {
    const { annotations } = definition;
    this.name = definition.name;
    this.pool = definition.pool ?? DEFAULT_POOL;
    this.idempotent =
      definition.idempotent ?? (annotations?.readOnlyHint === true || annotations?.idempotentHint === true);
    if (definition.timeoutMs !== undefined) this.timeoutMs = definition.timeoutMs;
    if (definition.task !== undefined) this.task = definition.task;
    if (definition.promoteAfterMs !== undefined) this.promoteAfterMs = definition.promoteAfterMs;
    if (definition.policies) this.policies = readPolicies(definition.name, definition.policies);
    this.#definition = definition;
    this.#input = definition.input ?? NO_ARGUMENTS;
    const { inputVersion = 1, migrations } = definition;
    this.#versions = migrations && new InputVersions(this.name, { inputVersion, migrations });
  }

  describe(): JsonObject & { name: string } {
    checkName('tool', this.name);
    checkPromotion(this);
    const { title, description, icons, annotations, output, inputVersion } = this.#definition;
    const version = inputVersion === undefined ? undefined : { [INPUT_VERSION_META_KEY]: inputVersion };
    const meta = version ? { ...version, ...this.#definition.meta } : this.#definition.meta;
    return {
      name: this.name,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(icons && { icons }),
      inputSchema: toWireSchema(this.#input, 'input', `Tool ${this.name}, input`),
      ...(output && { outputSchema: toWireSchema(output, 'output', `Tool ${this.name}, output`) }),
      ...(annotations && { annotations }),
      ...(meta && { _meta: meta }),
    };
  }

  run(call: Call, context: CallContext): Promise<JsonObject> {
    return runRounds(call, context, () => this.#runOnce(call, context));
  }

  async #runOnce(call: Call, context: CallContext): Promise<JsonObject> {
    const args = await this.#arguments(call);
    let returned: unknown;
    try {
      returned = await this.#definition.handler(args, context);
    } catch (thrown) {
      if (passesThrough(thrown, context)) throw thrown;
      return failedResult(thrown, context.requestId);
    }
    return this.#toResult(returned);
  }

  #arguments(call: Call): Promise<JsonObject> {
    if (this.#versions) return this.#versions.check(this.#input, call);
    return checkArguments(this.#input, call.params['arguments'], `tool ${this.name}`);
  }

  #toResult(returned: unknown): JsonObject | Promise<JsonObject> {
    const { output } = this.#definition;
    if (isInputRequired(returned)) return returned;
    if (output !== undefined) return this.#toStructured(output, returned);
    if (typeof returned === 'string') return { content: [{ type: 'text', text: returned }] };
    if (isJsonObject(returned) && Array.isArray(returned['content'])) return returned;
    throw new MillraceError('internal_error', `Tool ${this.name} gave neither text nor a tool result`);
  }

  async #toStructured(output: ObjectSchema, returned: unknown): Promise<JsonObject> {
    const whole = isWholeResult(returned) ? returned : undefined;
    if (whole?.['isError'] === true) return whole;
    const checked = await check(output, whole === undefined ? returned : whole['structuredContent']);
    if (!checked.ok) {
      // The field is for the worker's log only: an internal mistake is not the client's to read.
      throw new MillraceError(
        'internal_error',
        `Tool ${this.name} gave a result that its output schema refuses`,
        {
          cause: new Error(describeIssues(checked.issues)),
        },
      );
    }
    if (whole !== undefined) return { ...whole, structuredContent: checked.value };
    return {
      content: [{ type: 'text', text: JSON.stringify(checked.value) }],
      structuredContent: checked.value,
    };
  }
}

function checkPromotion({ name, task, promoteAfterMs }: ToolTarget): void {
  if (promoteAfterMs === undefined || task === 'optional') return;
  throw new Error(`Tool ${name}: promoteAfterMs works together with task: 'optional' only`);
}

function isWholeResult(returned: unknown): returned is JsonObject {
  return (
    isJsonObject(returned) &&
    Array.isArray(returned['content']) &&
    ('structuredContent' in returned || returned['isError'] === true)
  );
}
