import { isJsonObject, type JsonObject, MillraceError } from '@millrace/protocol';
import type { InputRequest } from './input-request.ts';

export type InputRequests = Readonly<Record<string, InputRequest>>;

/** What a handler returns to be run again, from its start, once the client has given more input. */
export interface InputRequired {
  readonly resultType: 'input_required';
  /** By keys of the handler's choice; the answers come under the same keys in `context.inputResponses`. */
  readonly inputRequests?: InputRequests;
  /** Anything that JSON can hold; comes back in `context.state()`. Signed, not encrypted: the client can read it. */
  readonly state?: unknown;
}

/** Asks the client for input, keeps a state meanwhile, or both. Throws when there is neither. */
export function inputRequired(needs: Pick<InputRequired, 'inputRequests' | 'state'>): InputRequired {
  if (!asks(needs.inputRequests) && needs.state === undefined) {
    throw new TypeError('inputRequired: neither a request nor a state was given');
  }
  return { resultType: 'input_required', ...needs };
}

/** Whether a handler returned this instead of a result. */
export function isInputRequired(returned: unknown): returned is InputRequired & JsonObject {
  return isJsonObject(returned) && returned['resultType'] === 'input_required';
}

/** What one run of a handler still needs. Throws `internal_error` when the handler made it up in a wrong form. */
export function readNeeds(result: JsonObject, target: string): [string, InputRequest][] {
  const { inputRequests = {}, state } = result;
  const refuse = (reason: string): never => {
    throw new MillraceError('internal_error', `${target} asked for input in a wrong form`, {
      cause: new TypeError(reason),
    });
  };
  if (!isJsonObject(inputRequests)) return refuse('inputRequests is no object');
  if (!asks(inputRequests) && state === undefined) return refuse('there is neither a request nor a state');
  for (const [key, request] of Object.entries(inputRequests)) {
    if (!isInputRequest(request)) return refuse(`"${key}" is no request that a client can be asked`);
  }
  return Object.entries(inputRequests as InputRequests);
}

function asks(requests: object | undefined): boolean {
  return requests !== undefined && Object.keys(requests).length > 0;
}

const METHODS = new Set<unknown>(['elicitation/create', 'sampling/createMessage', 'roots/list']);

/** Whether a client can be asked this. */
export function isInputRequest(request: unknown): request is InputRequest {
  if (!isJsonObject(request) || !METHODS.has(request['method'])) return false;
  return isJsonObject(request['params']) || (request['method'] === 'roots/list' && !('params' in request));
}
