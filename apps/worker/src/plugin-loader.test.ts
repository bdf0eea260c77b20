import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@millrace/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadMiddleware, loadPlugins } from './plugin-loader.ts';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-plugins-'));
  const modules = {
    'plugin.mjs': "export default { name: 'mine', version: '1.0.0' };",
    'middleware.mjs': 'export default (call, context, next) => next();',
    'nothing.mjs': 'export const plugin = 1;',
    'broken.mjs': "throw new Error('no licence');",
  };
  for (const [name, source] of Object.entries(modules)) await writeFile(join(directory, name), source);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('plugins are loaded by path, relative or absolute', async () => {
  const loaded = await loadPlugins(['./plugin.mjs', join(directory, 'plugin.mjs')], directory);
  expect(loaded.map(({ name }) => name)).toEqual(['mine', 'mine']);
});

test('middleware is loaded in its order', async () => {
  expect(await loadMiddleware(['./middleware.mjs'], directory)).toEqual([expect.any(Function)]);
});

test.each([
  ['a file that is not there', './missing.mjs', 'cannot be loaded'],
  ['a package that is not there', 'no-such-package-of-anybody', 'cannot be loaded'],
  [
    'a module without a default export',
    './nothing.mjs',
    'expected a module whose default export is a plugin',
  ],
  [
    'a module that exports something else',
    './middleware.mjs',
    'expected a module whose default export is a plugin',
  ],
  ['a module that fails', './broken.mjs', 'no licence'],
])('%s is told by name', async (_, specifier, reason) => {
  const loading = loadPlugins([specifier], directory);
  await expect(loading).rejects.toBeInstanceOf(ConfigError);
  await expect(loading).rejects.toThrow(`MILLRACE_PLUGINS: "${specifier}"`);
  await expect(loading).rejects.toThrow(reason);
});

test('a plugin is no middleware', async () => {
  await expect(loadMiddleware(['./plugin.mjs'], directory)).rejects.toThrow('MILLRACE_MIDDLEWARE');
});
