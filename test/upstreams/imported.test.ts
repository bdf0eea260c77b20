import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { testServer } from '../support/upstreams.ts';

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'millrace-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a worker serves the servers of the file of a client, once it was imported', async () => {
  const [theirs, ours] = [join(folder, 'claude_desktop_config.json'), join(folder, 'millrace.json')];
  const mcpServers = {
    bakery: { ...testServer('workshop', 'flour'), env: { GREETING: 'good morning' } },
    smithy: testServer('workshop', 'iron'),
  };
  writeFileSync(theirs, JSON.stringify({ mcpServers }));
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'import', theirs, '--into', ours]);
  expect({ status, stderr: String(stderr) }).toMatchObject({ status: 0 });

  const cluster = await startCluster({ plugins: [], workerEnv: { MILLRACE_CONFIG: ours } });
  try {
    const client = await connectModern(cluster.url);
    const said = async (name: string) => {
      const [part] = (await client.callTool({ name, arguments: {} })).content;
      return (part as { text: string }).text;
    };
    // Servers that know nothing of each other have tools of the same name.
    expect(await said('bakery_whoami')).toMatch(/^\d+ flour$/);
    expect(await said('smithy_whoami')).toMatch(/^\d+ iron$/);
    expect(JSON.parse(await said('bakery_env'))).toMatchObject({ GREETING: 'good morning' });
  } finally {
    await cluster.stop();
  }
});
