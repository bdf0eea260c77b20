import type { JsonObject } from '@millrace/protocol';
import {
  type CreateMessageRequestParams,
  type ElicitRequestFormParams,
  type ElicitRequestURLParams,
  inputRequired as sdkInputRequired,
} from '@modelcontextprotocol/server';
import type { ObjectSchema } from '../schema.ts';

/** Something to ask the client for, such as `elicitation(…)` makes. */
export interface InputRequest {
  readonly method: InputMethod;
  readonly params: JsonObject;
}

export type InputMethod = 'elicitation/create' | 'sampling/createMessage' | 'roots/list';

/** A form of flat fields. */
export type FormElicitation = Omit<ElicitRequestFormParams, 'requestedSchema'> & {
  readonly requestedSchema: FormSchema | ObjectSchema;
};

/** The JSON Schema of a form; a zod object of flat fields serves as well. */
export interface FormSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

/** A page that the user visits; sessions need an `elicitationId`, which is made unless given. */
export type UrlElicitation = Omit<ElicitRequestURLParams, 'elicitationId'> & {
  readonly elicitationId?: string;
};

export type Elicitation = FormElicitation | UrlElicitation;

/** Asks the user, by a form or by a page to visit. Throws when the form's schema holds more than clients can show. */
export function elicitation(params: Elicitation): InputRequest {
  return { method: 'elicitation/create', params: toWireParams(params) };
}

/** Asks the client's model. */
export function sampling(params: CreateMessageRequestParams): InputRequest {
  return { method: 'sampling/createMessage', params: { ...params } };
}

/** Asks which folders the client works on. */
export function rootsList(): InputRequest {
  return { method: 'roots/list', params: {} };
}

function toWireParams(params: Elicitation): JsonObject {
  if (!('requestedSchema' in params) || !('~standard' in params.requestedSchema)) return { ...params };
  // The official SDK knows which schemas a form may hold.
  const converted = sdkInputRequired.elicit(params as Parameters<typeof sdkInputRequired.elicit>[0]);
  return { ...params, requestedSchema: (converted.params as ElicitRequestFormParams).requestedSchema };
}
