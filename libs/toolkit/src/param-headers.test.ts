import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkParamHeaders } from './param-headers.ts';
import { definePlugin } from './plugin.ts';
import { Registry } from './registry.ts';
import type { ObjectSchema } from './schema.ts';
import { defineTool } from './tool.ts';

const mark = (name: unknown) => ({ 'x-mcp-header': name });

async function register(input: ObjectSchema) {
  const registry = new Registry();
  const tool = defineTool({ name: 'query', input, handler: () => '' });
  await registry.register(definePlugin({ name: 'p', version: '1', tools: [tool] }));
  return registry.offer(['default']).tools[0]?.definition['inputSchema'];
}

describe('marks for headers', () => {
  it('come out in the schema, also of nested objects', async () => {
    const input = z.object({
      region: z.string().meta(mark('Region')),
      page: z.object({
        size: z.int().optional().meta(mark('Page-Size')),
        all: z.boolean().meta(mark('All')),
      }),
      rest: z.array(z.string()),
    });
    expect(await register(input)).toMatchObject({
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        page: { properties: { size: { 'x-mcp-header': 'Page-Size' }, all: { 'x-mcp-header': 'All' } } },
      },
    });
  });

  it.each<[string, ObjectSchema, string]>([
    [
      'no token',
      z.object({ a: z.string().meta(mark('my region')) }),
      'field a: x-mcp-header "my region" is no name',
    ],
    ['an empty name', z.object({ a: z.string().meta(mark('')) }), 'is no name for a header'],
    ['a number', z.object({ a: z.number().meta(mark('A')) }), 'a string, an integer or a boolean'],
    ['an object', z.object({ a: z.object({}).meta(mark('A')) }), 'a string, an integer or a boolean'],
    [
      'the same name twice',
      z.object({ a: z.string().meta(mark('Region')), b: z.object({ c: z.string().meta(mark('REGION')) }) }),
      'field b.c: x-mcp-header "REGION" is taken by the field a',
    ],
    ['an element of a list', z.object({ a: z.array(z.string().meta(mark('A'))) }), '"properties" alone'],
    [
      'one of several types',
      z.object({ a: z.union([z.string().meta(mark('A')), z.null()]) }),
      '"properties" alone',
    ],
    ['the whole', z.object({}).meta(mark('A')), '"properties" alone'],
  ])('are refused when the plugin is registered: %s', async (_, input, message) => {
    await expect(register(input)).rejects.toThrow(message);
    await expect(register(input)).rejects.toThrow('Tool query, input');
  });

  it('are not mistaken for a field of that name', () => {
    const schema = { type: 'object', properties: { 'x-mcp-header': { type: 'number' } } };
    expect(() => checkParamHeaders(schema, 'Tool t')).not.toThrow();
  });

  it.each([
    { $defs: { region: { type: 'string', ...mark('A') } } },
    { allOf: [{ properties: { a: { type: 'string', ...mark('A') } } }] },
    { if: { properties: { a: { type: 'string', ...mark('A') } } } },
    { patternProperties: { '^a': { type: 'string', ...mark('A') } } },
  ])('are refused where clients cannot find the value: %j', (schema) => {
    expect(() => checkParamHeaders({ type: 'object', ...schema }, 'Tool t')).toThrow('"properties" alone');
  });
});
