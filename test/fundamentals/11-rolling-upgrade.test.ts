import { ENVELOPE_VERSION } from '@millrace/protocol';
import { INPUT_VERSION_META_KEY } from '@millrace/toolkit';
import { afterAll, expect, test } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';

/**
 * Front doors and workers are replaced one by one, so for a while two releases serve together. What travels between
 * them has a version. Workers announce the newest one that they read; a front door writes what all workers of the
 * pool read, and the answer comes in the version of its question. So either side may be ahead of the other.
 */
const OLD = { MILLRACE_ENVELOPE_VERSION: '1' };
const OLDER_VERSIONS = Array.from({ length: ENVELOPE_VERSION - 1 }, (_, n) => String(n + 1));
const clusters: Cluster[] = [];
afterAll(async () => {
  for (const cluster of clusters) await cluster.stop();
});

async function start(options: Parameters<typeof startCluster>[0]): Promise<Cluster> {
  const cluster = await startCluster(options);
  clusters.push(cluster);
  return cluster;
}

/** What only comes through when batches and frames of all kinds are read on both sides. */
async function expectService(cluster: Cluster): Promise<void> {
  const client = await connectModern(cluster.url);
  const steps: unknown[] = [];
  const onprogress = ({ progress }: { progress: number }) => steps.push(progress);
  const result = await client.callTool({ name: 'steps', arguments: { count: 2 } }, { onprogress });
  expect(result.content).toEqual([{ type: 'text', text: 'all steps taken' }]);
  expect(steps).toEqual([1, 2]);
}

test.each(OLDER_VERSIONS)('a new front door works with workers of version %s', async (version) => {
  await expectService(await start({ workerEnv: { MILLRACE_ENVELOPE_VERSION: version } }));
});

test.each(OLDER_VERSIONS)('a front door of version %s works with new workers', async (version) => {
  await expectService(await start({ frontDoorEnv: { MILLRACE_ENVELOPE_VERSION: version } }));
});

test('while old and new workers share a pool, each of them can run every call', async () => {
  const cluster = await start({ workerEnv: OLD });
  await cluster.startWorker({ MILLRACE_ENVELOPE_VERSION: String(ENVELOPE_VERSION) });
  await cluster.seesWorkers(2);
  const client = await connectModern(cluster.url);
  const calls = Array.from({ length: 40 }, () => client.callTool({ name: 'where_am_i' }));
  const pids = (await Promise.all(calls)).map(({ content }) => (content[0] as { text: string }).text);
  expect(new Set(pids)).toEqual(new Set(cluster.workers.map(({ pid }) => String(pid))));
});

test('an old worker that joins late leaves to new ones what it cannot read', async () => {
  const cluster = await start({ workers: 1, env: { MILLRACE_SLOTS: '1' } });
  const client = await connectModern(cluster.url);
  const first = client.callTool({ name: 'hold', arguments: { key: 'first' } });
  await cluster.logged('started', { key: 'first' });
  const second = client.callTool({ name: 'hold', arguments: { key: 'second' } });
  // It waits on the queue in the new form, as the only worker is busy; then the only free one is old.
  const old = await cluster.startWorker(OLD);
  await old.logs.first('a batch is left to newer workers');
  cluster.release('first');
  await cluster.logged('started', { key: 'second' });
  cluster.release('second');
  const texts = (await Promise.all([first, second])).map(
    ({ content }) => (content[0] as { text: string }).text,
  );
  expect(texts).toEqual(['first is done', 'second is done']);
  expect(old.logs.having('started')).toEqual([]);
});

test('arguments of yesterday work while a tool with other ones is rolled out, and after it', async () => {
  const cluster = await start({ plugins: ['migrated'], workerEnv: { RELEASE: 'yesterday' } });
  const client = await connectModern(cluster.url);
  const address = async (args: Record<string, string>, version?: number) => {
    const _meta = version === undefined ? {} : { _meta: { [INPUT_VERSION_META_KEY]: version } };
    const { content } = await client.callTool({ name: 'address', arguments: args, ..._meta });
    return (content[0] as { text: string }).text;
  };
  const known = { fullName: 'Ada Lovelace' };
  expect(await address(known)).toBe('Dear Ada Lovelace');

  await cluster.startWorker({ RELEASE: 'today' });
  await cluster.seesWorkers(2);
  const forms = new Set<string>();
  const addressMany = async () => {
    // Each has its own arguments, or they would share one answer.
    const letters = Array.from({ length: 20 }, (_, n) => address({ fullName: `Ada L${n}` }));
    for (const letter of await Promise.all(letters)) forms.add(letter.replace(/\d+/, ''));
    return forms;
  };
  await expect.poll(addressMany, { timeout: 5_000 }).toEqual(new Set(['Dear Ada L', 'Dear Ada of the Ls']));

  const [old] = cluster.workers;
  old?.kill('SIGTERM');
  await old?.exited;
  expect(await address(known)).toBe('Dear Ada of the Lovelaces');
  expect(await address(known, 1)).toBe('Dear Ada of the Lovelaces');
  expect(await address({ first: 'Ada', last: 'Lovelace' }, 2)).toBe('Dear Ada of the Lovelaces');
});
