import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkArguments, type ObjectSchema, toWireSchema } from './schema.ts';

describe('the JSON Schema of a tool', () => {
  it('is of draft 2020-12 and describes what the client sends', () => {
    const schema = z.object({ limit: z.number().int().default(20).describe('rows'), name: z.string() });
    expect(toWireSchema(schema, 'input', 'Tool t, input')).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        limit: expect.objectContaining({ type: 'integer', default: 20, description: 'rows' }),
        name: { type: 'string' },
      },
      required: ['name'],
    });
  });

  it('names the tool and the field that has none', () => {
    const schema = z.object({ filter: z.object({ dates: z.array(z.date()) }) });
    expect(() => toWireSchema(schema, 'input', 'Tool t, input')).toThrow(
      'Tool t, input, field filter.dates: Date cannot be represented in JSON Schema',
    );
  });

  it('refuses what is no object', () => {
    const schema = z.string() as unknown as ObjectSchema;
    expect(() => toWireSchema(schema, 'input', 'Tool t, input')).toThrow('must be a z.object');
  });
});

describe('arguments', () => {
  const schema = z.object({ email: z.email(), tags: z.array(z.string()).default([]) });

  it('come out as the schema makes them', async () => {
    expect(await checkArguments(schema, { email: 'a@b.example', other: 1 }, 'tool t')).toEqual({
      email: 'a@b.example',
      tags: [],
    });
  });

  it('name each wrong field in message and details', async () => {
    await expect(checkArguments(schema, { tags: ['x', 3] }, 'tool t')).rejects.toMatchObject({
      kind: 'invalid_params',
      code: -32602,
      message:
        'Invalid arguments for tool t: email: expected string, received undefined; ' +
        'tags.1: expected string, received number',
      details: {
        issues: [
          { path: 'email', message: 'expected string, received undefined' },
          { path: 'tags.1', message: 'expected string, received number' },
        ],
      },
    });
  });

  it('are an empty object when they are missing, and refused when they are none', async () => {
    const optional = z.object({ role: z.string().optional() });
    expect(await checkArguments(optional, undefined, 'tool t')).toEqual({});
    await expect(checkArguments(optional, ['x'], 'tool t')).rejects.toThrow('expected object');
  });

  it('wait for asynchronous refinements', async () => {
    const taken = z.object({ name: z.string().refine(async (name) => name !== 'root', 'is taken') });
    expect(await checkArguments(taken, { name: 'ada' }, 'tool t')).toEqual({ name: 'ada' });
    await expect(checkArguments(taken, { name: 'root' }, 'tool t')).rejects.toThrow('name: is taken');
  });
});
