import type { Call, JsonObject } from '@millrace/protocol';
import type { GetPromptResult, Icon } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { CallContext } from './call-context.ts';
import { type Completer, type Completers, createCompletion } from './completion.ts';
import { toProtocolError } from './failure.ts';
import type { InputRequired } from './input/input-required.ts';
import { runRounds } from './input/rounds.ts';
import { checkName } from './name.ts';
import { checkArguments, type ObjectSchema, toWireSchema } from './schema.ts';
import { DEFAULT_POOL, type PromptTarget, type Target } from './target.ts';

/** What a prompt gives: the text of one message of the user, a whole result, or what it needs before it can. */
export type PromptReturn = string | GetPromptResult | InputRequired;

export interface PromptDefinition<Arguments extends ObjectSchema> {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  /** Clients send all arguments as strings. A member may be the SDK's `completable(…)`. */
  readonly arguments?: Arguments;
  /** Suggests values for the arguments, by their names; goes before `completable`. */
  readonly complete?: { readonly [Name in keyof z.output<Arguments>]?: Completer };
  readonly pool?: string;
  readonly timeoutMs?: number;
  /** `_meta` of the definition in `prompts/list`. */
  readonly meta?: JsonObject;
  render(args: z.output<Arguments>, context: CallContext): PromptReturn | Promise<PromptReturn>;
}

/** Declares a prompt. */
export function definePrompt<Arguments extends ObjectSchema = z.ZodObject<Record<never, never>>>(
  definition: PromptDefinition<Arguments>,
): PromptTarget {
  return new DefinedPrompt(definition as unknown as PromptDefinition<ObjectSchema>);
}

const NO_ARGUMENTS: ObjectSchema = z.object({});

class DefinedPrompt implements PromptTarget {
  readonly name: string;
  readonly pool: string;
  readonly idempotent = true;
  declare readonly timeoutMs?: number;
  readonly completion: Target;
  readonly #definition: PromptDefinition<ObjectSchema>;
  readonly #arguments: ObjectSchema;

  constructor(definition: PromptDefinition<ObjectSchema>) {
    this.name = definition.name;
    this.pool = definition.pool ?? DEFAULT_POOL;
    if (definition.timeoutMs !== undefined) this.timeoutMs = definition.timeoutMs;
    this.#definition = definition;
    this.#arguments = definition.arguments ?? NO_ARGUMENTS;
    this.completion = createCompletion(this.pool, {
      ...completersOf(this.#arguments),
      ...(definition.complete as Completers | undefined),
    });
  }

  describe(): JsonObject & { name: string } {
    checkName('prompt', this.name);
    const { title, description, icons, meta } = this.#definition;
    return {
      name: this.name,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(icons && { icons }),
      arguments: describeArguments(this.#arguments, this.name),
      ...(meta && { _meta: meta }),
    };
  }

  run(call: Call, context: CallContext): Promise<JsonObject> {
    return runRounds(call, context, () => this.#runOnce(call, context));
  }

  async #runOnce(call: Call, context: CallContext): Promise<JsonObject> {
    const args = await checkArguments(this.#arguments, call.params['arguments'], `prompt ${this.name}`);
    try {
      return toResult(await this.#definition.render(args, context));
    } catch (thrown) {
      throw toProtocolError(thrown, context);
    }
  }
}

function toResult(returned: PromptReturn): JsonObject {
  if (typeof returned !== 'string') return { ...returned };
  return { messages: [{ role: 'user', content: { type: 'text', text: returned } }] };
}

/** `prompts/list` knows no JSON Schema, only names; the schema is built to find out which are required. */
function describeArguments(schema: ObjectSchema, prompt: string): JsonObject[] {
  const { properties = {}, required = [] } = toWireSchema(schema, 'input', `Prompt ${prompt}, arguments`);
  return Object.entries(properties as Record<string, JsonObject>).map(([name, { title, description }]) => ({
    name,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    required: (required as string[]).includes(name),
  }));
}

/** Where `completable` of both official SDKs leaves its function. */
const COMPLETABLE = Symbol.for('mcp.completable');

type SdkCompleter = (
  value: string,
  context: { arguments: Readonly<Record<string, string>> },
) => ReturnType<Completer>;

function completersOf(schema: ObjectSchema): Completers {
  const completers: Record<string, Completer> = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const mark = completableMark(field);
    if (mark) completers[name] = (value, given) => mark.complete(value, { arguments: given });
  }
  return completers;
}

/** The mark is on the schema that `completable` was given, which `.optional()` may wrap. */
function completableMark(field: unknown): { complete: SdkCompleter } | undefined {
  const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
  const marked = [field, inner] as { [COMPLETABLE]?: { complete: SdkCompleter } }[];
  return marked.map((schema) => schema[COMPLETABLE]).find((mark) => mark !== undefined);
}
