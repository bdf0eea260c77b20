import { definePrompt } from '@millrace/toolkit';
import { z } from 'zod';
import { CONTEXT } from './forms.ts';
import { PNG_BASE64 } from './media.ts';

const WORDS = ['paris', 'park', 'party', 'test'];

export const prompts = [
  definePrompt({
    name: 'test_simple_prompt',
    description: 'One message without arguments.',
    render: () => 'This is a simple prompt for testing.',
  }),
  definePrompt({
    name: 'test_prompt_with_arguments',
    description: 'One message made of two arguments.',
    arguments: z.object({
      arg1: z.string().describe('First test argument'),
      arg2: z.string().describe('Second test argument'),
    }),
    complete: { arg1: (value) => WORDS.filter((word) => word.startsWith(value)) },
    render: ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
  }),
  definePrompt({
    name: 'test_prompt_with_embedded_resource',
    description: 'Two messages, the first of them a resource.',
    arguments: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
    render: ({ resourceUri }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: {
              uri: resourceUri,
              mimeType: 'text/plain',
              text: 'Embedded resource content for testing.',
            },
          },
        },
        { role: 'user', content: { type: 'text', text: 'Please process the embedded resource above.' } },
      ],
    }),
  }),
  definePrompt({
    name: 'test_prompt_with_image',
    description: 'Two messages, the first of them an image.',
    render: () => ({
      messages: [
        { role: 'user', content: { type: 'image', data: PNG_BASE64, mimeType: 'image/png' } },
        { role: 'user', content: { type: 'text', text: 'Please analyze the image above.' } },
      ],
    }),
  }),
  definePrompt({
    name: 'test_input_required_result_prompt',
    description: 'Asks the user for the context before it is rendered.',
    render: (_, { elicit }) =>
      elicit(
        { message: 'What context should the prompt use?', requestedSchema: CONTEXT },
        { key: 'user_context' },
      ).then(({ content }) => `Use this context: ${String(content?.['context'])}`),
  }),
];
