import { type Call, type JsonObject, META } from '@millrace/protocol';
import { ContextManager, MemoryStateStore } from '@millrace/state';
import { type CallContext, createCallContext } from '../call-context.ts';
import { elicitation } from '../input/input-request.ts';
import { type InputRequired, inputRequired } from '../input/input-required.ts';
import { RequestState } from '../input/request-state.ts';
import type { Target } from '../target.ts';
import { defineTool } from '../tool.ts';
import type { ToolReturn } from '../tool-definition.ts';
import { aCall, RecordingSink } from './calls.ts';

const ALL = { elicitation: {}, sampling: {}, roots: {} };
const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } } as const;
export const question = (message: string) => ({ message, requestedSchema });
export const accept = (name: string) => ({ action: 'accept', content: { name } });
export const message = { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm' };

export const modern = (params: JsonObject = {}, capabilities: JsonObject = ALL): Call =>
  aCall({ target: 't', params: { ...params, _meta: { [META.clientCapabilities]: capabilities } } });
export const ofSession = (capabilities: JsonObject = ALL): Call =>
  aCall({ target: 't', revision: '2025-11-25', session: 's', capabilities });

const services = {
  states: new RequestState({ key: 'k' }),
  contexts: new ContextManager({ store: new MemoryStateStore() }),
  announce: () => {},
  invalidate: async () => {},
};

export function run(target: Target, call: Call, sink = new RecordingSink()): Promise<JsonObject> {
  return target.run(call, createCallContext(call, sink, services));
}

type Handler = (context: CallContext) => ToolReturn<undefined> | Promise<ToolReturn<undefined>>;
export const tool = (handler: Handler) =>
  defineTool({ name: 't', handler: (_, context) => handler(context) });
export const text = (result: JsonObject) => (result['content'] as [{ text: string }])[0].text;

export const greet = tool(async ({ elicit }) => {
  const first = await elicit(question('First name?'));
  const last = await elicit(question('Last name?'), { key: 'last' });
  return `${first.content?.['name']} ${last.content?.['name']}`;
});

/** Asks twice in a row and keeps count, all by return values. */
export const explicit = (context: CallContext): InputRequired | string => {
  const { inputResponses, state } = context;
  const { step } = state<{ step: number }>() ?? { step: 0 };
  if (step === 2) return `${Object.keys(inputResponses)} after ${step}`;
  const key = `step${step + 1}`;
  return inputRequired({ inputRequests: { [key]: elicitation(question(key)) }, state: { step: step + 1 } });
};
