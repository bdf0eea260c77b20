import type { JsonObject } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { checkedTool } from './checked-tool.ts';
import { aContext, aToolCall } from './testing/calls.ts';

const inputSchema = { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] };
const outputSchema = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] };

function toolOf(result: JsonObject, definition: JsonObject = { inputSchema, outputSchema }) {
  const ran: unknown[] = [];
  const tool = checkedTool({
    name: 't',
    pool: 'default',
    idempotent: false,
    describe: () => ({ name: 't', ...definition }),
    run: async (call) => {
      ran.push(call.params['arguments']);
      return result;
    },
  });
  const run = (args: JsonObject) => {
    const call = aToolCall('t', args);
    return tool.run(call, aContext(call));
  };
  return { run, ran };
}

const GOOD = { content: [], structuredContent: { sum: 1 } };

it('runs with arguments as its schema wants them', async () => {
  expect(await toolOf(GOOD).run({ size: 1 })).toBe(GOOD);
});

it('does not run with others, and the error names the field', async () => {
  const { run, ran } = toolOf(GOOD);
  await expect(run({ size: 'large' })).rejects.toMatchObject({
    kind: 'invalid_params',
    message: 'Invalid arguments for tool t: size: must be integer',
    details: { issues: [{ path: 'size', message: 'must be integer' }] },
  });
  await expect(run({})).rejects.toThrow('size: is missing');
  expect(ran).toEqual([]);
});

it.each([{ content: [], structuredContent: { sum: 'one' } }, { content: [] }])(
  'a result that is not what it declares does not reach the client: %j',
  async (result) => {
    await expect(toolOf(result).run({ size: 1 })).rejects.toMatchObject({ kind: 'internal_error' });
  },
);

it.each([
  { content: [], isError: true },
  { resultType: 'input_required', inputRequests: {} },
])('an error, and a wish for input, have no structured content: %j', async (result) => {
  expect(await toolOf(result).run({ size: 1 })).toBe(result);
});
