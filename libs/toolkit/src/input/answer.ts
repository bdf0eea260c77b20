import { isJsonObject, type JsonObject } from '@millrace/protocol';
import type { InputMethod } from './input-request.ts';

const ACTIONS = new Set<unknown>(['accept', 'decline', 'cancel']);

/** Whether a client's answer has the form that its request calls for; what is in it stays the client's word. */
export function fits(method: InputMethod, answer: JsonObject): boolean {
  switch (method) {
    case 'elicitation/create':
      return ACTIONS.has(answer['action']);
    case 'sampling/createMessage':
      return typeof answer['role'] === 'string' && answer['content'] !== undefined;
    case 'roots/list':
      return Array.isArray(answer['roots']);
  }
}

/**
 * The answers of a retried request, by their keys. One that is wrapped like a JSON-RPC message is none (specification,
 * "Multi round-trip requests"): it is asked for again.
 */
export function readAnswers(inputResponses: unknown): Map<string, JsonObject> {
  const answers = new Map<string, JsonObject>();
  if (!isJsonObject(inputResponses)) return answers;
  for (const [key, answer] of Object.entries(inputResponses)) {
    if (isJsonObject(answer) && !('method' in answer) && !('result' in answer)) answers.set(key, answer);
  }
  return answers;
}
