import { defineTool } from '@millrace/toolkit';
import { z } from 'zod';
import { ENUMS, OK, PRIMITIVES_WITH_DEFAULTS } from './forms.ts';

/** Tools that ask the client in the middle of a call. */
export const askingTools = [
  defineTool({
    name: 'test_sampling',
    description: "Asks the client's model.",
    input: z.object({ prompt: z.string().describe('What to ask') }),
    handler: async ({ prompt }, { sample }) => {
      const { content } = await sample({
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        maxTokens: 100,
      });
      return `LLM response: ${JSON.stringify(content)}`;
    },
  }),
  defineTool({
    name: 'test_elicitation',
    description: 'Asks the user for a name and an address.',
    input: z.object({ message: z.string().describe('What the user is shown') }),
    handler: async ({ message }, { elicit }) => {
      const answer = await elicit({
        message,
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          required: ['username', 'email'],
        },
      });
      return `User response: ${JSON.stringify(answer)}`;
    },
  }),
  defineTool({
    name: 'test_elicitation_sep1034_defaults',
    description: 'Asks with a default value for every primitive type.',
    handler: async (_, { elicit }) => {
      const { action, content } = await elicit({
        message: 'Please review and update the form fields with defaults',
        requestedSchema: PRIMITIVES_WITH_DEFAULTS,
      });
      return `Elicitation completed: action=${action}, content=${JSON.stringify(content)}`;
    },
  }),
  defineTool({
    name: 'test_elicitation_sep1330_enums',
    description: 'Asks with every form of an enumeration.',
    handler: async (_, { elicit }) => {
      const { action, content } = await elicit({
        message: 'Please select options from the enum fields',
        requestedSchema: ENUMS,
      });
      return `Elicitation completed: action=${action}, content=${JSON.stringify(content)}`;
    },
  }),
  defineTool({
    name: 'test_missing_capability',
    description: "Needs the client's model, whatever the client declared.",
    handler: async (_, { sample }) => {
      const { content } = await sample({
        messages: [{ role: 'user', content: { type: 'text', text: 'Are you there?' } }],
        maxTokens: 10,
      });
      return JSON.stringify(content);
    },
  }),
  defineTool({
    name: 'test_streaming_elicitation',
    description: 'Tells of its progress, then asks the user.',
    handler: async (_, { progress, elicit }) => {
      progress(0, 1);
      const { action } = await elicit({
        message: 'Shall it go on?',
        requestedSchema: OK,
      });
      return `The user said: ${action}`;
    },
  }),
];
