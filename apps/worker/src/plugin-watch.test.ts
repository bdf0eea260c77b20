import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLogger } from '@millrace/service';
import type { Plugin } from '@millrace/toolkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PluginWatch } from './plugin-watch.ts';

let folder: string;
let watch: PluginWatch | undefined;
let logged: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-watch-'));
  logged = '';
});
afterEach(async () => {
  await watch?.stop();
  await rm(folder, { recursive: true });
});

const write = (file: string, text: string) => writeFile(join(folder, file), text);
const pluginText = (name = 'subject') =>
  `import { version } from './version.ts';\nexport default { name: '${name}', version, tools: [] };`;

/** Watches the folder. @returns what the registry is told */
async function watching(): Promise<string[]> {
  await write('version.ts', `export const version: string = '1';`);
  await write('plugin.ts', pluginText());
  const told: string[] = [];
  const output = new PassThrough();
  output.setEncoding('utf8').on('data', (text: string) => {
    logged += text;
  });
  watch = new PluginWatch({
    specifiers: ['./plugin.ts', 'some-package'],
    directory: folder,
    known: [{ name: 'subject', version: '1' }],
    registry: {
      replace: async ({ name, version }: Plugin) => void told.push(`${name}@${version}`),
      unregister: async (name: string) => void told.push(`without ${name}`),
    },
    logger: createLogger({ name: 'test', level: 'info', destination: output }),
  });
  await watch.start();
  return told;
}

test('a change in its folder takes the plugin in anew', async () => {
  const told = await watching();
  await write('plugin.ts', pluginText().replace('version,', `version: '2',`));
  await vi.waitFor(() => expect(told.at(-1)).toBe('subject@2'));
  await write('plugin.ts', pluginText().replace('version,', `version: '3',`));
  await vi.waitFor(() => expect(told.at(-1)).toBe('subject@3'));
});

test('one that is broken is told, and leaves the last one in place', async () => {
  const told = await watching();
  await write('plugin.ts', 'export default {');
  await vi.waitFor(() => expect(logged).toContain('a changed plugin was not taken in'));
  await write('plugin.ts', 'export default 3;');
  await vi.waitFor(() => expect(logged).toContain('expected a module whose default export is a plugin'));
  expect(told).toEqual([]);
  await write('plugin.ts', pluginText());
  await vi.waitFor(() => expect(told.at(-1)).toBe('subject@1'));
});

test('one that has another name takes the place of the last one', async () => {
  const told = await watching();
  await write('plugin.ts', pluginText('renamed'));
  await vi.waitFor(() => expect(told.slice(0, 2)).toEqual(['without subject', 'renamed@1']));
});
