import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DockerIgnore } from './docker-ignore.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the last rule that fits a path or a folder above it counts', () => {
  const ignore = new DockerIgnore('# all\n*\n!src\n**/*.log\n');
  const ignored = ['README.md', 'src/index.ts', 'src/deep/a.log', 'other/src/index.ts'].map((path) =>
    ignore.ignores(path),
  );
  expect(ignored).toEqual([true, false, true, true]);
});

test.each([
  '.git/config',
  '.env',
  'apps/worker/node_modules/a/index.js',
  'apps/worker/src/worker.test.ts',
  'libs/broker/src/testing/calls.ts',
  'test/support/cluster.ts',
  'apps/worker/README.md',
])('%s does not get into an image', (path) => {
  expect(new DockerIgnore(readFileSync(join(ROOT, '.dockerignore'), 'utf8')).ignores(path)).toBe(true);
});

test.each([
  'package.json',
  'package-lock.json',
  'LICENSE',
  'apps/worker/src/main.ts',
  'libs/broker/src/scripts/announce.lua',
])('%s does', (path) => {
  expect(new DockerIgnore(readFileSync(join(ROOT, '.dockerignore'), 'utf8')).ignores(path)).toBe(false);
});
