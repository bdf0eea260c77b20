import type { ToolPolicies } from '@millrace/protocol';

export type BatchPolicy = NonNullable<ToolPolicies['batch']>;

/** A tool whose calls are run together. There is one of it for each tool, by which its calls find each other. */
export interface GatheredTool {
  readonly name: string;
  readonly policy: BatchPolicy;
  /** Gives the outcome of each item, in their order. Rejects when it is not known which is whose. */
  run(items: readonly unknown[]): Promise<readonly PromiseSettledResult<unknown>[]>;
}

/** Runs a batch of one. */
export async function runAlone(tool: GatheredTool, item: unknown): Promise<unknown> {
  const [outcome] = await tool.run([item]);
  if (outcome?.status === 'fulfilled') return outcome.value;
  throw outcome?.reason;
}
