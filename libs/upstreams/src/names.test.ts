import { expect, test } from 'vitest';
import { Names } from './names.ts';

const names = (given: object) =>
  new Names({ prefix: '', rename: {}, exclude: [], tools: {}, ...given } as ConstructorParameters<
    typeof Names
  >[0]);

test('names get the prefix, unless they are renamed', () => {
  const named = names({ prefix: 'gh_', rename: { search: 'find' } });
  expect(['search', 'open', 'constructor'].map((name) => named.ours(name))).toEqual([
    'find',
    'gh_open',
    'gh_constructor',
  ]);
});

test('all tools are served unless there is a list of those that are', () => {
  expect(names({}).serves('anything')).toBe(true);
  const some = names({ include: ['read_*', 'list'], exclude: ['read_secret*'] });
  expect(['read_file', 'list', 'lists', 'read_secrets', 'write'].filter((name) => some.serves(name))).toEqual(
    ['read_file', 'list'],
  );
});

test('a star stands for anything, every other character for itself', () => {
  expect(names({ include: ['a.b*'] }).serves('axb')).toBe(false);
  expect(names({ include: ['*'] }).serves('')).toBe(true);
});

test('of several patterns that say something of a tool the last one wins, field by field', () => {
  const { tools } = { tools: { '*': { timeoutMs: 1, idempotent: true }, 'slow_*': { timeoutMs: 9 } } };
  expect(names({ tools }).settingsOf('slow_one')).toEqual({ timeoutMs: 9, idempotent: true });
  expect(names({ tools }).settingsOf('other')).toEqual({ timeoutMs: 1, idempotent: true });
});
