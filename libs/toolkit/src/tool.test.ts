import { ERROR_META_KEY, MillraceError } from '@millrace/protocol';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { CallContext } from './call-context.ts';
import { thrownBy } from './failure.ts';
import { aContext, aToolCall, RecordingSink } from './testing/calls.ts';
import { defineTool } from './tool.ts';
import { ToolError } from './tool-error.ts';

const greet = defineTool({
  name: 'greet',
  title: 'Greet',
  description: 'Says hello',
  input: z.object({ name: z.string(), times: z.int().default(1) }),
  annotations: { readOnlyHint: true },
  meta: { team: 'hospitality' },
  handler: ({ name, times }) => `Hello, ${name}! `.repeat(times).trim(),
});

const count = defineTool({
  name: 'count',
  input: z.object({ words: z.array(z.string()) }),
  output: z.object({ total: z.number() }),
  handler: ({ words }) => ({ total: words.length }),
});

function run(tool: { name: string; run: typeof greet.run }, args?: Record<string, unknown>) {
  const call = aToolCall(tool.name, args);
  return tool.run(call, aContext(call));
}

describe('a tool', () => {
  it('describes itself as it stands in tools/list', () => {
    expect(greet.describe()).toMatchObject({
      name: 'greet',
      title: 'Greet',
      description: 'Says hello',
      inputSchema: { type: 'object', required: ['name'] },
      annotations: { readOnlyHint: true },
      _meta: { team: 'hospitality' },
    });
    expect(count.describe()).toMatchObject({ outputSchema: { type: 'object', required: ['total'] } });
  });

  it('turns text into one text block', async () => {
    expect(await run(greet, { name: 'Ada', times: 2 })).toEqual({
      content: [{ type: 'text', text: 'Hello, Ada! Hello, Ada!' }],
    });
  });

  it('turns an output value into structured content and its JSON', async () => {
    expect(await run(count, { words: ['a', 'b'] })).toEqual({
      content: [{ type: 'text', text: '{"total":2}' }],
      structuredContent: { total: 2 },
    });
  });

  it('passes a whole result on', async () => {
    const picture = { type: 'image' as const, data: 'AA==', mimeType: 'image/png' };
    const tool = defineTool({ name: 'draw', handler: () => ({ content: [picture] }) });
    expect(await run(tool)).toEqual({ content: [picture] });
    const whole = defineTool({
      name: 'whole',
      output: z.object({ total: z.number() }),
      handler: () => ({ content: [picture], structuredContent: { total: 1 } }),
    });
    expect(await run(whole)).toEqual({ content: [picture], structuredContent: { total: 1 } });
  });

  it('takes no arguments when it declares none', async () => {
    const tool = defineTool({ name: 'now', handler: () => 'now' });
    expect(tool.describe()['inputSchema']).toMatchObject({ type: 'object', properties: {} });
    expect(await run(tool)).toEqual({ content: [{ type: 'text', text: 'now' }] });
  });

  it('refuses wrong arguments before the handler runs', async () => {
    await expect(run(greet, { name: 3 })).rejects.toMatchObject({
      kind: 'invalid_params',
      message: 'Invalid arguments for tool greet: name: expected string, received number',
    });
  });

  it('keeps the field of a wrong output from the client, and gives it to the log', async () => {
    const tool = defineTool({
      name: 'broken',
      output: z.object({ total: z.number() }),
      handler: () => ({ total: Number.NaN }),
    });
    const error = await run(tool).catch((thrown: unknown) => thrown as MillraceError);
    expect(error).toBeInstanceOf(MillraceError);
    expect(JSON.stringify((error as MillraceError).toJsonRpc())).not.toContain('total');
    expect((error as MillraceError).cause).toMatchObject({ message: expect.stringContaining('total: ') });
  });

  it('follows its annotations about a second run, unless told otherwise', () => {
    const idempotent = (definition: object) =>
      defineTool({ name: 't', handler: () => '', ...definition }).idempotent;
    expect(idempotent({})).toBe(false);
    expect(idempotent({ annotations: { readOnlyHint: true } })).toBe(true);
    expect(idempotent({ annotations: { idempotentHint: true } })).toBe(true);
    expect(idempotent({ annotations: { readOnlyHint: true }, idempotent: false })).toBe(false);
  });
});

describe('a tool that fails', () => {
  const failWith = (thrown: unknown) =>
    defineTool({
      name: 'fail',
      handler: () => {
        throw thrown;
      },
    });

  it('answers with the message and a structured error, never a stack', async () => {
    const thrown = new Error('the disk is full');
    const result = await run(failWith(thrown));
    expect(result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'the disk is full' }],
      _meta: {
        [ERROR_META_KEY]: {
          type: 'tool_error',
          name: 'tool_error',
          message: 'the disk is full',
          requestId: 'call-1',
          retryable: false,
        },
      },
    });
    expect(JSON.stringify(result)).not.toContain('tool.test');
    expect(thrownBy({ ...result })).toBe(thrown);
  });

  it('sends all of a ToolError but its cause', async () => {
    const result = await run(
      failWith(
        new ToolError('busy', {
          details: { queue: 9 },
          retryable: true,
          suggestions: ['Try again.'],
          cause: new Error('secret'),
        }),
      ),
    );
    expect(result['_meta']).toMatchObject({
      [ERROR_META_KEY]: { details: { queue: 9 }, retryable: true, suggestions: ['Try again.'] },
    });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('answers also to what is no error', async () => {
    expect(await run(failWith('just text'))).toMatchObject({
      content: [{ text: 'just text' }],
      isError: true,
    });
  });

  it('lets errors of ours through', async () => {
    const thrown = new MillraceError('deadline_exceeded', 'too late');
    await expect(run(failWith(thrown))).rejects.toBe(thrown);
  });

  it('lets the end of an aborted call through, and only that', async () => {
    const reason = new DOMException('cancelled', 'AbortError');
    expect(await run(failWith(reason))).toMatchObject({ isError: true });
    const sink = new RecordingSink();
    sink.abort(reason);
    const call = aToolCall('fail');
    await expect(failWith(reason).run(call, aContext(call, sink))).rejects.toBe(reason);
  });
});

describe('the types of a tool', () => {
  it('come from its schemas', () => {
    defineTool({
      name: 'typed',
      input: z.object({ a: z.string(), b: z.number().optional(), c: z.coerce.number().default(3) }),
      output: z.object({ sum: z.number() }),
      handler(args, context) {
        expectTypeOf(args).toEqualTypeOf<{ a: string; b?: number | undefined; c: number }>();
        expectTypeOf(context).toEqualTypeOf<CallContext>();
        return { sum: args.c };
      },
    });
    defineTool({
      name: 'wrong_output',
      output: z.object({ sum: z.number() }),
      // @ts-expect-error: the sum must be a number
      handler: () => ({ sum: 'three' }),
    });
    // @ts-expect-error: without an output schema a handler returns text or a whole result
    defineTool({ name: 'no_output', handler: () => ({ sum: 3 }) });
    defineTool({ name: 'strict', input: z.strictObject({ a: z.string() }), handler: ({ a }) => a });
    // @ts-expect-error: the input must be an object
    defineTool({ name: 'no_object', input: z.string(), handler: () => '' });
  });
});
