import { ERROR_META_KEY, MillraceError } from '@millrace/protocol';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { BatchContext, BatchItem } from './batch-item.ts';
import type { GatheredTool } from './gathered-tool.ts';
import { definePlugin } from './plugin.ts';
import { Registry } from './registry.ts';
import { aContext, aToolCall, RecordingSink } from './testing/calls.ts';
import { defineTool } from './tool.ts';
import { ToolError } from './tool-error.ts';

const input = z.object({ n: z.number() });
type Item = BatchItem<{ n: number }>;

/** Stands for a worker: runs all that have joined when it is told to. */
class Gathering extends RecordingSink {
  static #joined: { item: unknown; tool: GatheredTool; outcome: PromiseWithResolvers<unknown> }[] = [];

  gather(tool: GatheredTool, item: unknown): Promise<unknown> {
    const outcome = Promise.withResolvers<unknown>();
    Gathering.#joined.push({ item, tool, outcome });
    return outcome.promise;
  }

  static async run(): Promise<void> {
    const joined = Gathering.#joined.splice(0);
    try {
      const outcomes = await joined[0]?.tool.run(joined.map(({ item }) => item));
      for (const [at, { outcome }] of joined.entries()) {
        const one = outcomes?.[at];
        if (one?.status === 'fulfilled') outcome.resolve(one.value);
        else outcome.reject(one?.reason);
      }
    } catch (error) {
      for (const { outcome } of joined) outcome.reject(error);
    }
  }
}

/** Calls a tool with each of these arguments at once. */
async function runTogether(tool: ReturnType<typeof defineTool>, all: readonly Record<string, unknown>[]) {
  const runs = all.map((args, at) => {
    const call = aToolCall(tool.name, args, { id: `call-${at}` });
    return tool.run(call, aContext(call, new Gathering()));
  });
  const settled = Promise.allSettled(runs);
  await new Promise(setImmediate);
  await Gathering.run();
  return settled;
}

const square = (handler: (items: readonly Item[]) => (string | Error)[]) =>
  defineTool({ name: 'square', input, batch: {}, handler });

describe('a tool that takes batches', () => {
  it('gets the calls of many callers at once, and each caller its own result', async () => {
    const sizes: number[] = [];
    const tool = square((items) => {
      sizes.push(items.length);
      return items.map(({ args, context }) => `${args.n ** 2} for ${context.requestId}`);
    });
    const settled = await runTogether(tool, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(sizes).toEqual([3]);
    expect(settled.map((one) => one.status === 'fulfilled' && one.value['content'])).toEqual([
      [{ type: 'text', text: '1 for call-0' }],
      [{ type: 'text', text: '4 for call-1' }],
      [{ type: 'text', text: '9 for call-2' }],
    ]);
  });

  it('never sees a call whose arguments are wrong', async () => {
    const seen: number[] = [];
    const tool = square((items) => items.map(({ args }) => String(seen.push(args.n))));
    const settled = await runTogether(tool, [{ n: 1 }, { n: 'two' }, { n: 3 }]);
    expect(seen).toEqual([1, 3]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { kind: 'invalid_params' } });
  });

  it('fails one call by giving an error for it, and its neighbours have their results', async () => {
    const tool = square((items) =>
      items.map(({ args }) => (args.n < 0 ? new ToolError('no root', { details: { n: args.n } }) : 'fine')),
    );
    const settled = await runTogether(tool, [{ n: 1 }, { n: -4 }]);
    expect(settled).toMatchObject([
      { value: { content: [{ text: 'fine' }] } },
      {
        value: {
          isError: true,
          content: [{ text: 'no root' }],
          _meta: { [ERROR_META_KEY]: { details: { n: -4 }, requestId: 'call-1' } },
        },
      },
    ]);
  });

  it('may give promises, of which each fails alone', async () => {
    const tool = defineTool({
      name: 'later',
      input,
      output: z.object({ half: z.int() }),
      batch: {},
      handler: (items) =>
        items.map(async ({ args }) => {
          if (args.n === 0) throw new Error('nothing to halve');
          return { half: args.n / 2 };
        }),
    });
    const settled = await runTogether(tool, [{ n: 4 }, { n: 0 }, { n: 3 }]);
    expect(settled).toMatchObject([
      { value: { structuredContent: { half: 2 } } },
      { value: { isError: true, content: [{ text: 'nothing to halve' }] } },
      { reason: { kind: 'internal_error', message: expect.stringContaining('output schema') } },
    ]);
  });

  it.each([
    [['only one'], 'Tool square gave 1 results for a batch of 2 calls'],
    [['a', 'b', 'c'], 'Tool square gave 3 results for a batch of 2 calls'],
    [undefined, 'Tool square gave 0 results for a batch of 2 calls'],
  ])('that gives %j for two calls: each call gets an error that says so', async (returned, message) => {
    const settled = await runTogether(
      square(() => returned as string[]),
      [{ n: 1 }, { n: 2 }],
    );
    const error = { kind: 'internal_error', message, details: { tool: 'square', calls: 2 } };
    expect(settled).toMatchObject([{ reason: error }, { reason: error }]);
  });

  it('that throws fails all calls of the batch', async () => {
    const settled = await runTogether(
      square(() => {
        throw new Error('the disk is full');
      }),
      [{ n: 1 }, { n: 2 }],
    );
    const failed = { value: { isError: true, content: [{ text: 'the disk is full' }] } };
    expect(settled).toMatchObject([failed, failed]);
  });

  it('runs a batch of one where nobody gathers', async () => {
    const tool = square((items) => items.map(({ args }) => `${args.n} of ${items.length}`));
    const call = aToolCall('square', { n: 7 });
    expect(await tool.run(call, aContext(call))).toMatchObject({ content: [{ text: '7 of 1' }] });
  });

  it('lets errors of ours through, such as the end of its call', async () => {
    const late = new MillraceError('deadline_exceeded', 'too late');
    const settled = await runTogether(
      square((items) => items.map(() => late)),
      [{ n: 1 }],
    );
    expect(settled).toEqual([{ status: 'rejected', reason: late }]);
  });
});

describe('the definition of a tool that takes batches', () => {
  it('tells front doors and workers how calls travel', async () => {
    const tool = square(() => []);
    expect([tool.batched, tool.policies]).toEqual([
      true,
      { batch: { maxSize: 10, maxWaitMs: 100, eager: true, perTenant: false } },
    ]);
    const registry = new Registry();
    await registry.register(definePlugin({ name: 'p', version: '1', tools: [tool] }));
    expect(registry.offer(['default']).tools[0]?.policies?.batch?.maxSize).toBe(10);
  });

  it('types arguments and results of each item', () => {
    defineTool({
      name: 'typed',
      input: z.object({ a: z.string().default('x') }),
      output: z.object({ length: z.number() }),
      batch: { maxSize: 3 },
      handler(items) {
        expectTypeOf(items).toEqualTypeOf<readonly BatchItem<{ a: string }>[]>();
        expectTypeOf(items[0]?.context).toEqualTypeOf<BatchContext | undefined>();
        return items.map(({ args }) => (args.a ? { length: args.a.length } : new Error('empty')));
      },
    });
    defineTool({
      name: 'wrong',
      output: z.object({ length: z.number() }),
      batch: {},
      // @ts-expect-error: the length must be a number
      handler: (items) => items.map(() => ({ length: 'three' })),
    });
    // @ts-expect-error: nobody hears of the progress of a batch
    defineTool({ name: 'loud', batch: {}, handler: (items) => items.map((one) => one.context.progress(1)) });
  });

  const handler = () => [];
  it.each([
    [{ task: 'optional' }, "batch and task: 'optional'"],
    [{ task: 'required' }, "batch and task: 'required'"],
    [{ promoteAfterMs: 10 }, 'batch and promoteAfterMs'],
    [{ streaming: true }, 'batch and streaming'],
  ])('is refused with %j, naming both', async (also, both) => {
    const tool = defineTool({ name: 'torn', batch: {}, handler, ...also } as never);
    const refused = new Registry().register(definePlugin({ name: 'p', version: '1', tools: [tool] }));
    await expect(refused).rejects.toThrow(`Tool torn: ${both} exclude each other`);
  });

  it('is refused when the policy comes without a handler that takes batches', async () => {
    const tool = defineTool({ name: 'half', policies: { batch: {} }, handler: () => '' });
    const refused = new Registry().register(definePlugin({ name: 'p', version: '1', tools: [tool] }));
    await expect(refused).rejects.toThrow('Tool half: policies.batch is given as batch, beside a handler');
  });

  it.each([
    [{ maxSize: 0 }, 'maxSize'],
    [{ maxWaitMs: 0 }, 'maxWaitMs'],
    [{ size: 3 }, 'size'],
  ])('is refused with %j', (batch, field) => {
    expect(() => defineTool({ name: 'odd', batch: batch as object, handler })).toThrow(field);
  });
});
