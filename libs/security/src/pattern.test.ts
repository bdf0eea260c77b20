import { expect, test } from 'vitest';
import { climbs, matches, mayOverlap } from './pattern.ts';

test.each([
  ['echo', 'echo', true],
  ['echo', 'echos', false],
  ['*', '', true],
  ['*', 'anything/at all', true],
  ['query_*', 'query_users', true],
  ['query_*', 'query_', true],
  ['query_*', 'a_query_users', false],
  ['*_users', 'query_users', true],
  ['a*c', 'abcabc', true],
  ['a*b*c', 'aXbYbZc', true],
  ['a*b*c', 'aXcYb', false],
  ['**', 'x', true],
  ['', '', true],
  ['', 'x', false],
  ['a.c', 'abc', false],
  ['[a]', 'a', false],
])('%j and %j: %j', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});

test('a hostile name does not take for ever', () => {
  expect(matches('*a*a*a*a*a*a*a*a*b', 'a'.repeat(100_000))).toBe(false);
});

test.each([
  ['note://*', 'note://{id}', true],
  ['note://public/*', 'note://{id}', true],
  ['note://*', 'user://{id}', false],
  ['note://public/*', 'note://private/{id}', false],
  ['*', 'user://{id}', true],
])('some URI may fit both %j and %j: %j', (pattern, template, expected) => {
  expect(mayOverlap(pattern, template)).toBe(expected);
});

test.each([
  'note://a/../b',
  'note://a/..',
  'note://..',
  'note://a\\..\\b',
  'note://a/%2e%2e/b',
  'note://a/%2E./b',
  'note://a%2f..%2fb',
  'note://a/%252e%252e/b',
  'note://a/./b',
  'note://a/..?x',
  'note://%zz',
])('%j climbs', (uri) => {
  expect(climbs(uri)).toBe(true);
});

test.each(['note://a/b', 'note://a..b', 'note://...', 'note://a/.hidden', 'note://a%20b'])(
  '%j does not',
  (uri) => {
    expect(climbs(uri)).toBe(false);
  },
);
