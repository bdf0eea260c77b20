import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { elicitation, rootsList, sampling } from './input-request.ts';
import { inputRequired } from './input-required.ts';

describe('requests for input', () => {
  it('take a form as JSON Schema unchanged', () => {
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } } as const;
    expect(elicitation({ message: 'Who?', requestedSchema })).toEqual({
      method: 'elicitation/create',
      params: { message: 'Who?', requestedSchema },
    });
  });

  it('turn a zod object into the schema of a form', () => {
    const requestedSchema = z.object({ age: z.int().describe('In years'), nick: z.string().optional() });
    expect(elicitation({ message: 'Who?', requestedSchema }).params['requestedSchema']).toMatchObject({
      type: 'object',
      properties: { age: { type: 'integer', description: 'In years' }, nick: { type: 'string' } },
      required: ['age'],
    });
  });

  it('refuse a form with fields that clients cannot show', () => {
    const requestedSchema = z.object({ nested: z.object({ a: z.string() }) });
    expect(() => elicitation({ message: 'Who?', requestedSchema })).toThrow('nested');
  });

  it('name their methods', () => {
    expect(sampling({ messages: [], maxTokens: 5 })).toEqual({
      method: 'sampling/createMessage',
      params: { messages: [], maxTokens: 5 },
    });
    expect(rootsList()).toEqual({ method: 'roots/list', params: {} });
  });

  it('need at least one request or a state', () => {
    expect(() => inputRequired({})).toThrow(TypeError);
    expect(() => inputRequired({ inputRequests: {} })).toThrow(TypeError);
    expect(inputRequired({ state: 1 })).toEqual({ resultType: 'input_required', state: 1 });
  });
});
