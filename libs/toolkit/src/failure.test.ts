import { ERROR_META_KEY } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { explained } from './failure.ts';
import { aContext, aToolCall } from './testing/calls.ts';
import { defineTool } from './tool.ts';
import { describeFailure, ToolError } from './tool-error.ts';

it('a result that says itself that it failed gets the structured form, after its text', async () => {
  const content = [
    { type: 'image' as const, data: 'AA==', mimeType: 'image/png' },
    { type: 'text' as const, text: 'no such city' },
  ];
  const tool = defineTool({
    name: 'weather',
    handler: () => ({ content, isError: true, _meta: { kept: 1 } }),
  });
  const call = aToolCall('weather');
  expect(await tool.run(call, aContext(call))).toEqual({
    content,
    isError: true,
    _meta: {
      kept: 1,
      [ERROR_META_KEY]: {
        type: 'tool_error',
        name: 'tool_error',
        message: 'no such city',
        code: -32603,
        timestamp: expect.any(String),
        requestId: 'call-1',
        retryable: false,
      },
    },
  });
});

it('one without a text says that much', () => {
  expect(explained({ content: [], isError: true }, 'c')).toMatchObject({
    _meta: { [ERROR_META_KEY]: { message: 'The tool failed' } },
  });
});

it.each([{ content: [] }, { content: [], isError: true, _meta: { [ERROR_META_KEY]: { type: 'conflict' } } }])(
  '%j stays as it is',
  (result) => {
    expect(explained(result, 'c')).toBe(result);
  },
);

it('a tool error has the class that the tool gives it, and a back-off says that another try may help', () => {
  const data = describeFailure(new ToolError('busy', { type: 'unavailable', retryAfterMs: 300 }), 'c');
  expect(data).toMatchObject({ name: 'tool_error', type: 'unavailable', retryable: true, retryAfterMs: 300 });
  const final = new ToolError('gone', { retryAfterMs: 300, retryable: false });
  expect(describeFailure(final, 'c').retryable).toBe(false);
});
