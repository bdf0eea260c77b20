import { describe, expect, it } from 'vitest';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits, parseWithin } from './message-limits.ts';

const parse = (text: string, limits: Partial<MessageLimits> = {}) =>
  parseWithin(text, { ...DEFAULT_MESSAGE_LIMITS, ...limits });

const refused = (limit: string) =>
  expect.objectContaining({ kind: 'invalid_request', details: expect.objectContaining({ limit }) });

describe('a message within its limits', () => {
  it('is parsed as JSON says', () => {
    const message = { a: [1, { b: 'a "quoted" \\ text: {[,' }], c: null };
    expect(parse(JSON.stringify(message))).toEqual(message);
  });

  it('may be as deep, as full and as long as they say', () => {
    expect(parse('[[1]]', { maxJsonDepth: 2 })).toEqual([[1]]);
    expect(parse('{"a":1,"b":2}', { maxJsonKeys: 2 })).toEqual({ a: 1, b: 2 });
    expect(parse('[1,2]', { maxJsonValues: 3 })).toEqual([1, 2]);
    expect(parse('"abc"', { maxStringLength: 3 })).toBe('abc');
  });

  it('may have keys that only look dangerous', () => {
    expect(parse('{"constructor":"Ferrari","note":"__proto__"}')).toEqual({
      constructor: 'Ferrari',
      note: '__proto__',
    });
  });
});

describe('a message past its limits', () => {
  it.each([
    ['maxJsonDepth', '[[[1]]]', 2],
    ['maxJsonKeys', '{"a":{"b":1},"c":2}', 2],
    ['maxJsonValues', '[1,2,3]', 3],
    ['maxStringLength', String.raw`["a\"b\\"]`, 4],
    ['maxStringLength', '{"abcdef":1}', 5],
  ] as const)('is refused by %s, which the error names', (limit, text, value) => {
    expect(() => parse(text, { [limit]: value })).toThrow(refused(limit));
  });

  it.each([
    ['arrays', '['.repeat(2_000_000)],
    ['objects', '{"a":'.repeat(700_000)],
    ['members', `{${'"a":1,'.repeat(600_000)}"b":1}`],
    ['items', `[${'[],'.repeat(1_300_000)}1]`],
    ['one string', `"${'\\"'.repeat(2_000_000)}"`],
  ])('is refused before it is parsed: %s', (_, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ kind: 'invalid_request' }));
  });

  it.each(['{"a":', '"abc', '"abc\\"', '', '[1,]', '{"a" 1}', 'NaN', ']]]]'])(
    'that is no JSON is a parse error: %s',
    (text) => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ kind: 'parse_error' }));
    },
  );
});

it.each([
  '{"__proto__":{"admin":true}}',
  String.raw`{"a":[{"\u005f_proto__":1}]}`,
  '{"constructor":{"prototype":{"admin":true}}}',
])('keys that reach a prototype are refused: %s', (text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ kind: 'invalid_request' }));
});
