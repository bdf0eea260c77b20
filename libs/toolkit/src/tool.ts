import {
  type Call,
  isJsonObject,
  type JsonObject,
  MillraceError,
  type Permission,
  type TaskMode,
  type ToolPolicies,
  type ToolPoliciesInput,
} from '@millrace/protocol';
import { z } from 'zod';
import type { BatchInput } from './batch-item.ts';
import { type BatchHandler, checkBatch, gatherCalls } from './batch-tool.ts';
import type { CallContext } from './call-context.ts';
import { explained, failedResult, passesThrough } from './failure.ts';
import { isInputRequired } from './input/input-required.ts';
import { runRounds } from './input/rounds.ts';
import { INPUT_VERSION_META_KEY, InputVersions } from './input-versions.ts';
import { checkName } from './name.ts';
import { readPolicies } from './policies.ts';
import { check, checkArguments, describeIssues, type ObjectSchema, toWireSchema } from './schema.ts';
import { DEFAULT_POOL, type ToolTarget } from './target.ts';
import type { ToolDefinition } from './tool-definition.ts';

/**
 * Declares a tool. The handler's arguments and return value take their types from the schemas. With `batch` it takes
 * calls of many callers at once.
 */
export function defineTool<
  Input extends ObjectSchema = z.ZodObject<Record<never, never>>,
  Output extends ObjectSchema | undefined = undefined,
  Batch extends BatchInput | undefined = undefined,
>(definition: ToolDefinition<Input, Output, Batch>): ToolTarget {
  return new DefinedTool(definition as unknown as AnyDefinition);
}

/** A definition whose types have done their work: what the schemas let through fits the handler. */
type AnyDefinition = Omit<ToolDefinition<ObjectSchema, ObjectSchema | undefined>, 'batch'> & {
  readonly batch?: BatchInput;
};

const NO_ARGUMENTS: ObjectSchema = z.object({});

class DefinedTool implements ToolTarget {
  readonly name: string;
  readonly pool: string;
  readonly idempotent: boolean;
  declare readonly timeoutMs?: number;
  declare readonly task?: TaskMode;
  declare readonly promoteAfterMs?: number;
  declare readonly policies?: ToolPolicies;
  declare readonly batched?: boolean;
  declare readonly fallback?: NonNullable<ToolTarget['fallback']>;
  declare readonly permissions?: readonly Permission[];
  readonly #definition: AnyDefinition;
  readonly #handler: (args: JsonObject, context: CallContext) => unknown;
  readonly #input: ObjectSchema;
  readonly #versions: InputVersions | undefined;

  constructor(definition: AnyDefinition) {
    const { annotations } = definition;
    this.name = definition.name;
    this.pool = definition.pool ?? DEFAULT_POOL;
    this.idempotent =
      definition.idempotent ?? (annotations?.readOnlyHint === true || annotations?.idempotentHint === true);
    if (definition.permissions) this.permissions = definition.permissions;
    if (definition.timeoutMs !== undefined) this.timeoutMs = definition.timeoutMs;
    if (definition.task !== undefined) this.task = definition.task;
    if (definition.promoteAfterMs !== undefined) this.promoteAfterMs = definition.promoteAfterMs;
    const { batch, handler } = definition;
    if (batch) this.batched = true;
    this.#handler = batch ? gatherCalls(this.name, batch, handler as unknown as BatchHandler) : handler;
    const policies = batch ? { ...definition.policies, batch } : definition.policies;
    if (policies || definition.fallback)
      this.policies = readPolicies(definition.name, withHandler(definition, policies));
    if (definition.fallback) this.fallback = (call, context, reason) => this.#fallBack(call, context, reason);
    this.#definition = definition;
    this.#input = definition.input ?? NO_ARGUMENTS;
    const { inputVersion = 1, migrations } = definition;
    this.#versions = migrations && new InputVersions(this.name, { inputVersion, migrations });
  }

  describe(): JsonObject & { name: string } {
    checkName('tool', this.name);
    checkBatch(this.#definition);
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
      returned = await this.#handler(args, context);
    } catch (thrown) {
      if (passesThrough(thrown, context)) throw thrown;
      return failedResult(thrown, context.requestId);
    }
    return explained(await this.#toResult(returned), context.requestId);
  }

  async #fallBack(call: Call, context: CallContext, reason: string): Promise<JsonObject> {
    return this.#toResult(await this.#definition.fallback?.(await this.#arguments(call), context, reason));
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

/** That a tool has a handler to fall back on is told to front doors among its policies. */
function withHandler({ name, fallback }: AnyDefinition, policies: ToolPoliciesInput = {}): ToolPoliciesInput {
  if (!fallback) return policies;
  if (policies.fallback) throw new Error(`Tool ${name}: fallback and policies.fallback: only one can answer`);
  return { ...policies, fallback: { kind: 'handler' } };
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
