import { defineTool, ToolError } from '@millrace/toolkit';
import { PNG_BASE64, WAV_BASE64 } from './media.ts';

const image = { type: 'image', data: PNG_BASE64, mimeType: 'image/png' } as const;

/** Tools that give each kind of content. */
export const contentTools = [
  defineTool({
    name: 'test_simple_text',
    description: 'Gives one text.',
    handler: () => 'This is a simple text response for testing.',
  }),
  defineTool({
    name: 'test_image_content',
    description: 'Gives one image.',
    handler: () => ({ content: [image] }),
  }),
  defineTool({
    name: 'test_audio_content',
    description: 'Gives one sound.',
    handler: () => ({ content: [{ type: 'audio', data: WAV_BASE64, mimeType: 'audio/wav' }] }),
  }),
  defineTool({
    name: 'test_embedded_resource',
    description: 'Gives a resource with its text.',
    handler: () => ({
      content: [
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ],
    }),
  }),
  defineTool({
    name: 'test_multiple_content_types',
    description: 'Gives a text, an image and a resource.',
    handler: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        image,
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: JSON.stringify({ test: 'data', value: 123 }),
          },
        },
      ],
    }),
  }),
  defineTool({
    name: 'test_error_handling',
    description: 'Fails on purpose.',
    handler: () => {
      throw new ToolError('This tool intentionally returns an error for testing');
    },
  }),
];
