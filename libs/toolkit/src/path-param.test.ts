import { expect, it } from 'vitest';
import { z } from 'zod';
import { isPathBelow, pathParam } from './path-param.ts';

it.each(['a', 'a/b.txt', './a', 'a/./b', '..a/b', 'a..b', '100%', 'a b/ä.md', 'x%20y', '.hidden', 'a\\b'])(
  'takes a path below a folder: %s',
  (path) => {
    expect(isPathBelow(path)).toBe(true);
  },
);

it.each([
  ['climbs', '../a'],
  ['climbs in between', 'a/../../b'],
  ['climbs at the end', 'a/..'],
  ['climbs with backslashes', 'a\\..\\b'],
  ['climbs, encoded', '%2e%2e%2fetc/passwd'],
  ['climbs, half encoded', '.%2e/a'],
  ['climbs, encoded twice', '%252e%252e%252fa'],
  ['climbs, encoded too often to tell', '%2525252e%2525252e/a'],
  ['climbs, in an overlong form', '%c0%ae%c0%ae/a'],
  ['climbs, in wide letters', '．．／a'],
  ['climbs, with what a file system cuts off', '.. /a'],
  ['climbs, with more dots', '.../a'],
  ['is absolute', '/etc/passwd'],
  ['is absolute, encoded', '%2fetc/passwd'],
  ['is absolute on Windows', 'C:\\a'],
  ['is a share', '\\\\host\\a'],
  ['is a URL', 'file:///etc/passwd'],
  ["is somebody's home", '~/a'],
  ['has a NUL', 'a\0.png'],
  ['has a NUL, encoded', 'a%00.png'],
  ['has a line break', 'a\nb'],
  ['is empty', ''],
])('refuses what %s: %j', (_, path) => {
  expect(isPathBelow(path)).toBe(false);
});

it('is a parameter of a tool, and tells so in its schema', () => {
  const schema = z.object({ path: pathParam() });
  expect(schema.safeParse({ path: 'a/b' }).success).toBe(true);
  expect(schema.safeParse({ path: '../b' }).error?.issues[0]).toMatchObject({
    path: ['path'],
    message: 'expected a relative path without ".."',
  });
  expect(z.toJSONSchema(schema).properties).toMatchObject({ path: { type: 'string', format: 'path' } });
});
