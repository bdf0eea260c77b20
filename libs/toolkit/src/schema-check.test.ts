import { describe, expect, it } from 'vitest';
import { SchemaCheck } from './schema-check.ts';

const check = (schema: Record<string, unknown>, value: unknown) =>
  new SchemaCheck(schema, 'Tool t, input').issuesOf(value);

describe('a value is checked by JSON Schema 2020-12', () => {
  const schema = {
    $defs: { size: { type: 'integer', minimum: 1 } },
    type: 'object',
    properties: {
      size: { $ref: '#/$defs/size' },
      pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
      path: { type: 'string', format: 'path' },
      when: { type: 'string', format: 'date-time' },
    },
    required: ['size'],
    unevaluatedProperties: false,
  };

  it('and passes when it is as the schema says', () => {
    expect(check(schema, { size: 1, pair: ['a', 2], path: 'a/b', when: 'formats are hints' })).toEqual([]);
  });

  it.each([
    [{}, 'size', 'is missing'],
    [{ size: 0 }, 'size', 'must be >= 1'],
    [{ size: 1, pair: [1] }, 'pair.0', 'must be string'],
    [{ size: 1, path: '../etc' }, 'path', 'must match format "path"'],
    [{ size: 1, more: 1 }, '', 'must NOT have unevaluated properties'],
    [[], '', 'must be object'],
  ])('and the field is named when it is not: %j', (value, path, message) => {
    expect(check(schema, value)).toEqual([{ path, message }]);
  });
});

it('draft-07, which older servers write, is understood', () => {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    properties: { pair: { type: 'array', items: [{ type: 'string' }, { type: 'number' }] } },
  };
  expect(check(schema, { pair: ['a', 1] })).toEqual([]);
  expect(check(schema, { pair: [1, 1] })).toEqual([{ path: 'pair.0', message: 'must be string' }]);
});

describe('a schema that somebody wrote to do harm', () => {
  it.each(['https://example.com/schema.json', 'other.json#/a', 'file:///etc/passwd'])(
    'loads nothing: %s',
    ($ref) => {
      expect(() => new SchemaCheck({ properties: { a: { $ref } } }, 'Tool t, input')).toThrow(
        `Tool t, input: $ref ${$ref} leads out of the schema`,
      );
    },
  );

  it('is refused when it is too large or too deep', () => {
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 100; level += 1) deep = { not: deep };
    expect(() => new SchemaCheck(deep, 'Tool t, input')).toThrow('deeper than 64 levels');
    expect(() => new SchemaCheck({ const: 'x'.repeat(300_000) }, 'Tool t, input')).toThrow(
      'more than 262144',
    );
  });

  it('is refused when it is no schema', () => {
    expect(() => check({ type: 'thing' }, {})).toThrow('Tool t, input: the schema cannot be used');
  });

  it.each([
    ['a pattern that backtracks', { pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`],
    [
      'choices within choices',
      {
        $defs: {
          n: {
            anyOf: [
              { items: { $ref: '#/$defs/n' }, maxItems: 0 },
              { items: { anyOf: [{ $ref: '#/$defs/n' }, { $ref: '#/$defs/n' }] }, minItems: 1 },
            ],
          },
        },
        $ref: '#/$defs/n',
      },
      JSON.parse(`${'['.repeat(60)}{}${']'.repeat(60)}`) as unknown,
    ],
    [
      'items that are compared with each other',
      { uniqueItems: true },
      Array.from({ length: 30_000 }, (_, at) => ({ at })),
    ],
    ['a reference to itself', { $ref: '#' }, {}],
  ])('does not keep the worker busy: %s', (_, schema, value) => {
    const started = performance.now();
    const [issue] = check(schema, value);
    expect(issue?.message ?? 'passed').toMatch(/could not be checked|passed|must/);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('says so when a check takes too long', () => {
    expect(check({ pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`)).toEqual([
      { path: '', message: 'could not be checked within 100 ms' },
    ]);
  });
});
