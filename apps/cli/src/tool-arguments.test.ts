import { expect, test } from 'vitest';
import { jsonArguments, toolArguments } from './tool-arguments.ts';

const SCHEMA = {
  type: 'object',
  properties: { text: { type: 'string' }, count: { type: 'integer' }, tags: { type: 'array' } },
  additionalProperties: false,
};

test('values are read as the schema wants them', () => {
  expect(toolArguments(['text=3', 'count=3', 'tags=["a"]'], SCHEMA)).toEqual({
    text: '3',
    count: 3,
    tags: ['a'],
  });
  expect(toolArguments(['a=b=c', 'b=', 'c=no json'], {})).toEqual({ a: 'b=c', b: '', c: 'no json' });
  expect(toolArguments(['text=two\nlines'], SCHEMA)).toEqual({ text: 'two\nlines' });
});

test.each([
  [['count'], '--arg: "count" — expected name=value'],
  [['=3'], '--arg: "=3" — expected name=value'],
  [['size=3'], '--arg: the tool has no "size" — it has text, count, tags'],
])('%j is refused', (texts, message) => {
  expect(() => toolArguments(texts, SCHEMA)).toThrow(message);
});

test('all arguments at once are one JSON object', () => {
  expect(jsonArguments('{"a":1}')).toEqual({ a: 1 });
  expect(() => jsonArguments('[1]')).toThrow('--args: expected a JSON object');
  expect(() => jsonArguments('{')).toThrow(/^--args: /);
});
