import { MillraceError } from '@millrace/protocol';
import type { BatchInput, BatchItem } from './batch-item.ts';
import { type CallContext, SinkContext } from './call-context.ts';
import { type BatchPolicy, type GatheredTool, runAlone } from './gathered-tool.ts';
import { readPolicies } from './policies.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** A definition of which only what matters here is known. */
type AnyDefinition = Pick<ToolDefinition, 'name' | 'policies' | 'task' | 'promoteAfterMs' | 'streaming'> & {
  readonly batch?: BatchInput | undefined;
};

/** A handler that gets the calls of many callers at once. */
export type BatchHandler = (items: readonly BatchItem[]) => unknown;

/** An ordinary handler, which waits for its part of what the handler of batches gives. */
export function gatherCalls(
  name: string,
  batch: BatchInput,
  handler: BatchHandler,
): (args: BatchItem['args'], context: CallContext) => Promise<unknown> {
  const { batch: policy } = readPolicies(name, { batch });
  const tool = new BatchTool(name, policy as BatchPolicy, handler);
  return (args, context) => {
    const item: BatchItem = { args, context };
    return context instanceof SinkContext ? context.gather(tool, item) : runAlone(tool, item);
  };
}

class BatchTool implements GatheredTool {
  readonly name: string;
  readonly policy: BatchPolicy;
  readonly #handler: BatchHandler;

  constructor(name: string, policy: BatchPolicy, handler: BatchHandler) {
    this.name = name;
    this.policy = policy;
    this.#handler = handler;
  }

  async run(items: readonly BatchItem[]): Promise<readonly PromiseSettledResult<unknown>[]> {
    const returned: unknown = await this.#handler(items);
    if (!Array.isArray(returned) || returned.length !== items.length) throw this.#miscounted(returned, items);
    return (await Promise.allSettled(returned)).map(errorsAsRejected);
  }

  /** Which result is whose cannot be told then, so no call gets one. */
  #miscounted(returned: unknown, { length: calls }: readonly BatchItem[]): MillraceError {
    const results = Array.isArray(returned) ? returned.length : 0;
    return new MillraceError(
      'internal_error',
      `Tool ${this.name} gave ${results} results for a batch of ${calls} calls`,
      { details: { tool: this.name, results, calls } },
    );
  }
}

function errorsAsRejected(settled: PromiseSettledResult<unknown>): PromiseSettledResult<unknown> {
  if (settled.status === 'rejected' || !(settled.value instanceof Error)) return settled;
  return { status: 'rejected', reason: settled.value };
}

/** @throws Error that names both fields, when a definition wants runs together and what only a run alone can have */
export function checkBatch(definition: AnyDefinition): void {
  const { name, batch, policies } = definition;
  if (policies?.batch !== undefined) {
    throw new Error(`Tool ${name}: policies.batch is given as batch, beside a handler that takes batches`);
  }
  const other = batch && contradictionOf(definition);
  if (other) throw new Error(`Tool ${name}: batch and ${other} exclude each other: a batch has many callers`);
}

function contradictionOf({ task, promoteAfterMs, streaming }: AnyDefinition): string | undefined {
  if (task !== undefined && task !== 'never') return `task: '${task}'`;
  if (promoteAfterMs !== undefined) return 'promoteAfterMs';
  return streaming ? 'streaming' : undefined;
}
