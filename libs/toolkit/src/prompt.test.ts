import { completable as completableOfV1 } from '@modelcontextprotocol/sdk/server/completable.js';
import { completable } from '@modelcontextprotocol/server';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { definePrompt } from './prompt.ts';
import { aCall, aContext } from './testing/calls.ts';

const review = definePrompt({
  name: 'review',
  description: 'Asks for a review',
  arguments: z.object({
    language: completable(z.string().describe('Programming language'), (value) =>
      ['python', 'perl', 'go'].filter((name) => name.startsWith(value)),
    ),
    depth: completableOfV1(z.string(), (value) => [`${value}!`]).optional(),
    file: z.string().optional(),
  }),
  complete: { file: (value, given) => [`${value}.${given['language']}`] },
  render({ language, file }) {
    expectTypeOf(language).toEqualTypeOf<string>();
    expectTypeOf(file).toEqualTypeOf<string | undefined>();
    return `Review this ${language} code`;
  },
});

function render(prompt: typeof review, args?: Record<string, string>) {
  const call = aCall({ method: 'prompts/get', target: prompt.name, params: { arguments: args } });
  return prompt.run(call, aContext(call));
}

function complete(argument: unknown, context?: unknown) {
  const call = aCall({ method: 'completion/complete', params: { argument, context } });
  return review.completion.run(call, aContext(call));
}

describe('a prompt', () => {
  it('describes itself as it stands in prompts/list', () => {
    expect(review.describe()).toEqual({
      name: 'review',
      description: 'Asks for a review',
      arguments: [
        { name: 'language', description: 'Programming language', required: true },
        { name: 'depth', required: false },
        { name: 'file', required: false },
      ],
    });
  });

  it('turns text into a message of the user, and passes a whole result on', async () => {
    expect(await render(review, { language: 'go' })).toEqual({
      messages: [{ role: 'user', content: { type: 'text', text: 'Review this go code' } }],
    });
    const whole = { messages: [], description: 'nothing' };
    expect(await render(definePrompt({ name: 'empty', render: () => whole }))).toEqual(whole);
  });

  it('refuses wrong arguments and names them', async () => {
    await expect(render(review)).rejects.toMatchObject({
      kind: 'invalid_params',
      message: 'Invalid arguments for prompt review: language: expected string, received undefined',
    });
  });

  it.each([
    ['language', 'p', ['python', 'perl']],
    ['depth', 'deep', ['deep!']],
    ['file', 'main', ['main.go']],
    ['constructor', '', []],
    ['unknown', '', []],
  ])('completes the argument %s', async (name, value, values) => {
    expect(await complete({ name, value }, { arguments: { language: 'go' } })).toEqual({
      completion: { values, total: values.length, hasMore: false },
    });
  });

  it('gives at most 100 suggestions', async () => {
    const prompt = definePrompt({
      name: 'many',
      arguments: z.object({ n: z.string() }),
      complete: { n: () => Array.from({ length: 101 }, (_, n) => `${n}`) },
      render: () => '',
    });
    const call = aCall({ method: 'completion/complete', params: { argument: { name: 'n', value: '' } } });
    const { completion } = (await prompt.completion.run(call, aContext(call))) as {
      completion: { values: string[]; total: number; hasMore: boolean };
    };
    expect([completion.values.length, completion.total, completion.hasMore]).toEqual([100, 101, true]);
  });

  it.each([
    [undefined, 'argument.name'],
    [{ name: 'language' }, 'argument.value'],
  ])('refuses to complete %j', async (argument, field) => {
    await expect(complete(argument)).rejects.toMatchObject({
      kind: 'invalid_params',
      message: expect.stringContaining(field),
    });
  });
});
