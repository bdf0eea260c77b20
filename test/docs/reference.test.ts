import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reference } from './reference.ts';

const FILE = new URL('../../docs/reference.md', import.meta.url);

test('docs/reference.md is up to date: "npm run docs" writes it', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(reference());
});

test('every function and class that others import has a docstring', () => {
  const bare = [...reference().matchAll(/^\| `(\w+)` \| (?:function|class) \| {2}\|$/gm)].map(
    ([, name]) => name,
  );
  expect(bare).toEqual([]);
});

test('the settings of both programs are in it, also those that they share', () => {
  const text = reference();
  for (const variable of ['REDIS_URL', 'MILLRACE_SLOTS', 'MILLRACE_HTTP_PORT', 'MILLRACE_AUTH'])
    expect(text).toContain(`| \`${variable}\` |`);
  expect(text).toMatch(/`MILLRACE_SLOTS` \| `z\.int\(\)\.min\(1\).*\.default\(64\)`/);
});
