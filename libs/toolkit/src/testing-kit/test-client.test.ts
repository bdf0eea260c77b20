import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../plugin.ts';
import { definePrompt } from '../prompt.ts';
import { defineResource } from '../resource.ts';
import { defineResourceTemplate } from '../resource-template.ts';
import { defineTool } from '../tool.ts';
import { ToolError } from '../tool-error.ts';
import { testClient } from './test-client.ts';

const closed: string[] = [];

const plugin = definePlugin({
  name: 'subject',
  version: '1.0.0',
  tools: [
    defineTool({
      name: 'add',
      pool: 'sums',
      input: z.object({ a: z.number(), b: z.number() }),
      output: z.object({ sum: z.number() }),
      handler: ({ a, b }) => ({ sum: a + b }),
    }),
    defineTool({
      name: 'steps',
      handler: (_, { progress, log }) => {
        progress(1, 2, 'half');
        log.info('said');
        return 'done';
      },
    }),
    defineTool({
      name: 'greet',
      handler: async (_, { elicit }) => {
        const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } } as const;
        const { content } = await elicit({ message: 'Your name?', requestedSchema });
        return `Hello ${content?.['name']}`;
      },
    }),
    defineTool({
      name: 'wait',
      handler: (_, { signal }) =>
        new Promise<string>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        ),
    }),
    defineTool({
      name: 'refuse',
      handler: () => {
        throw new ToolError('not today');
      },
    }),
    defineTool({ name: 'who', handler: (_, { principal }) => principal.id }),
  ],
  resources: [defineResource({ uri: 'note:1', name: 'note', read: () => 'a note' })],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: 'note:{day}',
      name: 'notes',
      complete: { day: () => ['monday'] },
      read: (_uri, { day }) => `of ${day}`,
    }),
  ],
  prompts: [
    definePrompt({
      name: 'ask',
      arguments: z.object({ about: z.string() }),
      render: ({ about }) => `And ${about}?`,
    }),
  ],
  middleware: [async (_call, _context, next) => ({ ...(await next()), _meta: { seen: true } })],
  setup: ({ env }) => ({
    tools: [defineTool({ name: 'env', handler: () => String(env['GREETING']) })],
    teardown: () => void closed.push('subject'),
  }),
});

describe('a test client', () => {
  test('calls tools with checked input, inside the middleware', async () => {
    await using client = await testClient(plugin);
    const result = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    expect(result).toMatchObject({ structuredContent: { sum: 3 }, _meta: { seen: true } });
    await expect(client.callTool({ name: 'add', arguments: { a: 'x' } })).rejects.toThrow(/a: /);
    await expect(client.callTool({ name: 'subtract' })).rejects.toThrow('Unknown tool: subtract');
  });

  test('keeps what tools send while they run', async () => {
    await using client = await testClient(plugin);
    await client.callTool({ name: 'steps' });
    expect(client.notifications.map(({ method }) => method)).toEqual([
      'notifications/progress',
      'notifications/message',
    ]);
    expect(client.notifications[0]?.params).toMatchObject({ progress: 1, total: 2, message: 'half' });
  });

  test('answers what tools ask', async () => {
    await using client = await testClient(plugin, {
      answer: (method) => ({ action: 'accept', content: { name: method } }),
    });
    const { content } = await client.callTool({ name: 'greet' });
    expect(content[0]?.text).toBe('Hello elicitation/create');
  });

  test('without an answer a tool that asks fails, and says why', async () => {
    await using client = await testClient(plugin);
    const { isError, content } = await client.callTool({ name: 'greet' });
    expect([isError, content[0]?.text]).toEqual([true, expect.stringContaining('gave no "answer"')]);
  });

  test('tells what a tool refuses as its client would get it', async () => {
    await using client = await testClient(plugin);
    expect(await client.callTool({ name: 'refuse' })).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'not today' }],
    });
  });

  test('cancels, and ends what takes too long', async () => {
    await using client = await testClient(plugin, { timeoutMs: 30 });
    const controller = new AbortController();
    const call = client.callTool({ name: 'wait' }, { signal: controller.signal });
    controller.abort(new Error('no more'));
    await expect(call).rejects.toThrow('The call was cancelled');
    await expect(client.callTool({ name: 'wait' })).rejects.toThrow(/not finished by its deadline/);
  });

  test('calls as somebody, with an environment', async () => {
    await using client = await testClient(plugin, {
      env: { GREETING: 'hi' },
      principal: { id: 'ada', tenant: 't' },
    });
    expect((await client.callTool({ name: 'who' })).content[0]?.text).toBe('ada');
    expect((await client.callTool({ name: 'env' })).content[0]?.text).toBe('hi');
  });

  test('reads, prompts, completes and lists', async () => {
    await using client = await testClient([plugin]);
    expect(await client.readResource({ uri: 'note:1' })).toMatchObject({ contents: [{ text: 'a note' }] });
    expect(await client.readResource({ uri: 'note:friday' })).toMatchObject({
      contents: [{ text: 'of friday' }],
    });
    expect(await client.getPrompt({ name: 'ask', arguments: { about: 'you' } })).toMatchObject({
      messages: [{ content: { text: 'And you?' } }],
    });
    const ref = { type: 'ref/resource', uri: 'note:{day}' };
    expect(await client.complete({ ref, argument: { name: 'day', value: '' } })).toMatchObject({
      completion: { values: ['monday'] },
    });
    const names = (list: readonly { readonly name?: unknown }[]) => list.map(({ name }) => name);
    expect(names((await client.listTools()).tools)).toContain('add');
    expect(names((await client.listResources()).resources)).toEqual(['note']);
    expect(names((await client.listResourceTemplates()).resourceTemplates)).toEqual(['notes']);
    expect(names((await client.listPrompts()).prompts)).toEqual(['ask']);
  });

  test('tears plugins down when it is closed', async () => {
    closed.length = 0;
    const client = await testClient(plugin);
    await client.close();
    expect(closed).toEqual(['subject']);
  });

  test('is not made of plugins that no worker would take', async () => {
    closed.length = 0;
    const clash = definePlugin({
      name: 'clash',
      version: '1.0.0',
      tools: [defineTool({ name: 'add', handler: () => '' })],
    });
    await expect(testClient([plugin, clash])).rejects.toThrow('The tool "add" of plugin "clash" is taken');
    expect(closed).toEqual(['subject']);
  });
});
