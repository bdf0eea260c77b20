import type { JsonObject, ToolPoliciesInput } from '@millrace/protocol';
import type { CallContext } from './call-context.ts';

/** What the handler of a batch learns of one call: all but what needs a run for the call alone. */
export type BatchContext = Omit<
  CallContext,
  'progress' | 'status' | 'elicit' | 'sample' | 'listRoots' | 'inputResponses' | 'state' | 'closeStream'
>;

/** One call of a batch; its arguments have been checked. */
export interface BatchItem<Args = JsonObject> {
  readonly args: Args;
  readonly context: BatchContext;
}

/** How many calls run together, and how long they wait for each other; `{}` for the defaults. */
export type BatchInput = NonNullable<ToolPoliciesInput['batch']>;
