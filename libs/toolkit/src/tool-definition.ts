import type { JsonObject, Permission, TaskMode, ToolPoliciesInput } from '@millrace/protocol';
import type { CallToolResult, Icon, ToolAnnotations } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { BatchInput, BatchItem } from './batch-item.ts';
import type { CallContext } from './call-context.ts';
import type { InputRequired } from './input/input-required.ts';
import type { InputMigration } from './input-versions.ts';
import type { ObjectSchema } from './schema.ts';

/**
 * What a handler may return: text, a whole result, or, when the tool declares its output, a value of it. Then a
 * whole result is told from a value by `content` together with `structuredContent` or `isError`. A tool that needs input
 * first returns `inputRequired(…)`.
 */
export type ToolReturn<Output extends ObjectSchema | undefined> =
  | (Output extends ObjectSchema ? z.input<Output> | WholeResult : string | CallToolResult)
  | InputRequired;

type WholeResult = CallToolResult & ({ structuredContent: JsonObject } | { isError: true });

type Awaitable<T> = T | Promise<T>;

/** What becomes of one call of a batch: what a handler returns, or the error that it would throw. */
export type BatchOutcome<Output extends ObjectSchema | undefined> =
  | Exclude<ToolReturn<Output>, InputRequired>
  | Error;

/**
 * What runs the tool. With `batch` it gets calls of many callers at once and gives one outcome for each, in the same
 * order: an `Error` among them fails its own call alone, what the handler throws fails all.
 */
export type ToolHandler<
  Input extends ObjectSchema,
  Output extends ObjectSchema | undefined,
  Batch extends BatchInput | undefined,
> = Batch extends BatchInput
  ? (items: readonly BatchItem<z.output<Input>>[]) => Awaitable<readonly Awaitable<BatchOutcome<Output>>[]>
  : (args: z.output<Input>, context: CallContext) => Awaitable<ToolReturn<Output>>;

/**
 * What answers instead of the handler; when it fails too, the client gets the first failure.
 *
 * @param reason name of the error that the call would end with, such as `circuit_open`
 */
export type FallbackHandler<Input extends ObjectSchema, Output extends ObjectSchema | undefined> = (
  args: z.output<Input>,
  context: CallContext,
  reason: string,
) => Awaitable<Exclude<ToolReturn<Output>, InputRequired>>;

export interface ToolDefinition<
  Input extends ObjectSchema = ObjectSchema,
  Output extends ObjectSchema | undefined = undefined,
  Batch extends BatchInput | undefined = undefined,
> {
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
  /** Whether the handler tells of its progress; said for what cannot go together with that. */
  readonly streaming?: boolean;
  /** What a caller must hold for it beside `execute:tools`, where authentication is on. */
  readonly permissions?: readonly Permission[];
  /** What is switched on around each run; configuration of the worker may say otherwise. */
  readonly policies?: ToolPoliciesInput;
  /** Runs calls of many callers at once; `{}` for at most 10, which wait 100 ms for each other at most. */
  readonly batch?: Batch;
  /** `_meta` of the definition in `tools/list`. */
  readonly meta?: JsonObject;
  /** Answers a call that the handler cannot: when it fails, takes too long, or its breaker is open. */
  readonly fallback?: FallbackHandler<Input, Output>;
  readonly handler: ToolHandler<Input, Output, Batch>;
}
