import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test('the order of members makes no difference, at any depth', () => {
  const one = JSON.parse('{"b":[{"y":1,"x":2}],"a":{"d":null,"c":true}}');
  const other = JSON.parse('{"a":{"c":true,"d":null},"b":[{"x":2,"y":1}]}');
  expect(canonicalJson(one)).toBe('{"a":{"c":true,"d":null},"b":[{"x":2,"y":1}]}');
  expect(canonicalJson(other)).toBe(canonicalJson(one));
});

test.each([
  ['[1,2]', '[2,1]'],
  ['{"a":1}', '{"a":"1"}'],
  ['{"a":null}', '{}'],
  ['{"a":"b\\",\\"c"}', '{"a":"b","c":""}'],
  ['{"__proto__":{"a":1}}', '{}'],
])('%s is not %s', (one, other) => {
  expect(canonicalJson(JSON.parse(one))).not.toBe(canonicalJson(JSON.parse(other)));
});

test('it is JSON of the same value', () => {
  const value = { text: 'ü\n"', number: 1.5e300, list: [[], {}, [null, false]] };
  expect(JSON.parse(canonicalJson(value))).toEqual(value);
});

test('what is nested too deeply is refused, and does not end the process', () => {
  let deep: unknown = {};
  for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
  expect(() => canonicalJson(deep)).toThrow(RangeError);
});
