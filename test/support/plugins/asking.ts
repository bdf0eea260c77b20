import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const greet = defineTool({
  name: 'greet',
  description: 'Asks the user for a name.',
  annotations: { readOnlyHint: true },
  handler: async (_, { elicit }) => {
    const answer = await elicit({
      message: 'Who are you?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    });
    return answer.action === 'accept' ? `Hello, ${answer.content?.['name']}!` : 'Hello, stranger!';
  },
});

const askBriefly = defineTool({
  name: 'ask_briefly',
  description: 'Asks the user, and has 300 ms for the answer.',
  annotations: { readOnlyHint: true },
  timeoutMs: 300,
  handler: async (_, { elicit }) => {
    await elicit({ message: 'Quick!', requestedSchema: { type: 'object', properties: {} } });
    return 'in time';
  },
});

const touch = defineTool({
  name: 'touch',
  description: 'Says that a resource has changed.',
  input: z.object({ uri: z.string() }),
  handler: ({ uri }, { resourceUpdated }) => {
    resourceUpdated(uri);
    return 'touched';
  },
});

/** Tools that talk to the client in the middle of a call, or to those who follow a resource. */
export default definePlugin({ name: 'asking', version: '1.0.0', tools: [greet, askBriefly, touch] });
