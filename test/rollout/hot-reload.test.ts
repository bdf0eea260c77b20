import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type McpAnswer, testCluster } from '@millrace/toolkit/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-reload-'));
  await symlink(MODULES, join(folder, 'node_modules'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A tool package of two files; its tool waits for a message before it tells its version. */
async function writePlugin(version: string): Promise<string> {
  await writeFile(join(folder, 'version.ts'), `export const version: string = '${version}';\n`);
  const path = join(folder, 'plugin.ts');
  await writeFile(
    path,
    `import { definePlugin, defineTool } from '@millrace/toolkit';
import { version } from './version.ts';

export default definePlugin({
  name: 'edited',
  version,
  setup: ({ log }) => ({
    tools: [
      defineTool({ name: 'version', handler: () => version }),
      defineTool({
        name: 'hold',
        handler: async () => {
          log.info({ version }, 'started');
          await new Promise((resolve) => process.once('message', resolve));
          return version;
        },
      }),
    ],
    teardown: () => log.info({ version }, 'torn down'),
  }),
});
`,
  );
  return path;
}

const textOf = ({ result }: McpAnswer) => (result?.['content'] as { text: string }[] | undefined)?.[0]?.text;

test('a plugin that is edited is served anew, while a call on the old one goes on', async () => {
  const path = await writePlugin('1.0.0');
  await using cluster = await testCluster({ plugins: [path], workerEnv: { MILLRACE_WATCH: 'true' } });
  const [worker] = cluster.workers;
  await worker?.logs.first('watching plugins');
  const held = cluster.callTool({ name: 'hold' });
  await worker?.logs.first('started', { version: '1.0.0' });

  await writePlugin('2.0.0');
  await expect
    .poll(async () => textOf(await cluster.callTool({ name: 'version' })), { timeout: 5_000 })
    .toBe('2.0.0');
  expect(worker?.logs.having('torn down')).toEqual([]);

  worker?.send({ go: 'on' });
  expect(textOf(await held)).toBe('1.0.0');
  await worker?.logs.first('torn down', { version: '1.0.0' });

  // Only what the plugin imports has changed this time.
  await writeFile(join(folder, 'version.ts'), `export const version: string = '3.0.0';\n`);
  await worker?.logs.first('a plugin was taken in anew', { version: '3.0.0' });
  expect(textOf(await cluster.callTool({ name: 'version' }))).toBe('3.0.0');
});
