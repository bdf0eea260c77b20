import { describe, expect, it } from 'vitest';
import { requireCapability } from './client-capabilities.ts';
import { elicitation, type InputRequest, rootsList, sampling } from './input-request.ts';

const form = elicitation({ message: 'Who?', requestedSchema: { type: 'object', properties: {} } });
const url = elicitation({ mode: 'url', message: 'Log in', url: 'https://example.com' });
const ask = sampling({ messages: [], maxTokens: 1 });
const askWithTools = sampling({ messages: [], maxTokens: 1, tools: [] });

function missing(request: InputRequest, declared: Record<string, unknown>): unknown {
  try {
    return requireCapability(request, declared);
  } catch (error) {
    return error;
  }
}

describe('what a client can be asked', () => {
  it.each<[string, InputRequest, Record<string, unknown>]>([
    ['a form, when it knows elicitation', form, { elicitation: {} }],
    ['a form, when it knows forms', form, { elicitation: { form: {} } }],
    ['a page, when it knows pages', url, { elicitation: { url: {} } }],
    ['its model', ask, { sampling: {} }],
    ['its model with tools', askWithTools, { sampling: { tools: {} } }],
    ['its roots', rootsList(), { roots: { listChanged: true } }],
  ])('%s', (_, request, declared) => {
    expect(missing(request, declared)).toBeUndefined();
  });

  it.each<[string, InputRequest, Record<string, unknown>, Record<string, unknown>]>([
    ['a form', form, {}, { elicitation: { form: {} } }],
    ['a form, when it knows pages only', form, { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    ['a page, when it knows elicitation as it was', url, { elicitation: {} }, { elicitation: { url: {} } }],
    ['its model', ask, { elicitation: {} }, { sampling: {} }],
    ['its model with tools', askWithTools, { sampling: {} }, { sampling: { tools: {} } }],
    ['its roots', rootsList(), { roots: true }, { roots: {} }],
  ])('not %s', (_, request, declared, requiredCapabilities) => {
    expect(missing(request, declared)).toMatchObject({
      kind: 'missing_capability',
      code: -32021,
      status: 400,
      members: { requiredCapabilities },
    });
  });
});
