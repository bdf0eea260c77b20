import { type Call, isJsonObject, type JsonObject, MillraceError } from '@millrace/protocol';
import { type CallContext, toServedResult } from '@millrace/toolkit';
import { type UpstreamRound, upstreamParams, wantsProgress } from './call-params.ts';
import type { CallListener, UpstreamConnection } from './connection.ts';
import type { UpstreamSettings } from './settings.ts';

/** One call as the upstream is to run it. */
export interface UpstreamCall {
  readonly call: Call;
  readonly context: CallContext;
  /** Under which the upstream knows the tool or prompt; absent for resources. */
  readonly name: string | undefined;
  readonly idempotent: boolean;
  /** Whether somebody behind the agent was asked something by the run that is under way. */
  hasAsked: boolean;
}

/** Runs a call on one connection, once. Rejects with a `ConnectionLost` when that breaks. */
export async function runOn(
  connection: UpstreamConnection,
  work: UpstreamCall,
  settings: UpstreamSettings,
): Promise<JsonObject> {
  const { call, context, name } = work;
  const round = context.state<{ upstream?: UpstreamRound }>()?.upstream;
  const params = {
    ...upstreamParams(call, name, connection.modern),
    ...(round && answersOf(round, context)),
  };
  const result = await connection.request(call.method, params, {
    signal: context.signal,
    listener: listenerOf(work, settings),
    progress: wantsProgress(call),
  });
  return result['resultType'] === 'input_required' ? askAgent(result) : toServedResult(result, context);
}

/** The answers that the upstream waits for, and its own state, byte for byte. */
function answersOf({ keys, requestState }: UpstreamRound, { inputResponses }: CallContext): JsonObject {
  const answers = keys.flatMap((key) => {
    const answer = inputResponses[key];
    return answer === undefined ? [] : [[key, answer] as const];
  });
  return {
    ...(answers.length > 0 && { inputResponses: Object.fromEntries(answers) }),
    ...(requestState !== undefined && { requestState }),
  };
}

/** The upstream wants the call again with answers: our own rounds take it from here, whatever the agent's era. */
function askAgent({ inputRequests, requestState }: JsonObject): JsonObject {
  const requests = isJsonObject(inputRequests) ? inputRequests : {};
  const upstream: UpstreamRound = {
    keys: Object.keys(requests),
    ...(typeof requestState === 'string' && { requestState }),
  };
  return { resultType: 'input_required', inputRequests: requests, state: { upstream } };
}

function listenerOf(work: UpstreamCall, settings: UpstreamSettings): CallListener {
  const { context } = work;
  return {
    onProgress: (progress, total, message) => context.progress(progress, total, message),
    onLog: (level, data, logger) => context.log[level](data, logger),
    onRequest: (method, params) => {
      // An agent tells its roots by itself. Many a server asks for them when it starts, whatever call runs then.
      if (method !== 'roots/list') work.hasAsked = true;
      return ask(method, params, context, settings);
    },
  };
}

async function ask(
  method: string,
  params: JsonObject,
  context: CallContext,
  { name }: UpstreamSettings,
): Promise<JsonObject> {
  switch (method) {
    case 'elicitation/create':
      return { ...(await context.elicit(params as unknown as Parameters<CallContext['elicit']>[0])) };
    case 'sampling/createMessage':
      return { ...(await context.sample(params as unknown as Parameters<CallContext['sample']>[0])) };
    case 'roots/list':
      return { ...(await context.listRoots()) };
    default:
      throw new MillraceError('method_not_found', `${name}: clients are not asked for ${method}`);
  }
}
