import { afterAll, expect, onTestFinished, test } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { metricOf } from '../support/metric.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * A worker that dies in the middle of a call says nothing. Its lock on the batch runs out, and another worker gets the
 * batch. A tool that may run twice then runs again; one that must not was claimed by the worker that died, and the
 * client is told that its outcome is not known.
 */
const cluster = await startCluster({ workers: 2, workerEnv: { MILLRACE_LOCK_MS: '1000' } });
afterAll(() => cluster.stop());

/** Kills the worker that runs what is held under this key, and starts another. */
async function killWorkerOf(key: string): Promise<void> {
  const worker = await cluster.logged('started', { key });
  const [killed] = await Promise.all([worker.kill('SIGKILL'), cluster.startWorker()]);
  expect(killed).toEqual({ code: null, signal: 'SIGKILL' });
}

test('a call to an idempotent tool survives: another worker runs it', async () => {
  const client = await connectModern(cluster.url);
  const call = client.callTool({ name: 'hold', arguments: { key: 'survivor' } });
  await killWorkerOf('survivor');
  cluster.release('survivor');
  expect((await call).content).toEqual([{ type: 'text', text: 'survivor is done' }]);
  expect(startsOf('survivor')).toBe(2);
});

test('a call that must not run twice is not: the client hears that its worker was lost', async () => {
  const answer = send(cluster.url, toolCall('charge', { key: 'once' }));
  await killWorkerOf('once');
  expect((await answer).message.error).toMatchObject({
    code: -32004,
    message: expect.stringContaining('charge'),
    data: { name: 'worker_lost', type: 'unavailable', retryable: false },
  });
  expect(startsOf('once')).toBe(1);
});

test('calls of a lost batch that were answered already are not run again', async () => {
  const held = send(cluster.url, toolCall('hold', { key: 'last' }));
  const charges = await Promise.all(
    ['x', 'y', 'z'].map(async (key) => {
      const answer = send(cluster.url, toolCall('charge', { key }));
      await cluster.logged('started', { key });
      cluster.release(key);
      return (await answer).message.result;
    }),
  );
  await killWorkerOf('last');
  cluster.release('last');
  expect((await held).message.result).toMatchObject({ content: [{ text: 'last is done' }] });
  expect(charges).toHaveLength(3);
  expect(['x', 'y', 'z'].map(startsOf)).toEqual([1, 1, 1]);
});

test('with the default times it is noticed within three seconds, and its call begins again within five', async () => {
  const usual = await startCluster({ workers: 2 });
  onTestFinished(() => usual.stop());
  const lost = () => metricOf(usual.adminUrls[0], 'millrace_workers_lost_total');
  const answer = send(usual.url, toolCall('hold', { key: 'usual' }));
  const worker = await usual.logged('started', { key: 'usual' });
  const other = usual.workers.find((one) => one !== worker);
  expect(await lost()).toBe(0);
  const missed = usual.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  const killedAt = Date.now();
  await worker.kill('SIGKILL');
  const since = () => Date.now() - killedAt;
  const [noticedMs, begunMs] = await Promise.all([
    missed?.then(since),
    other?.logs.first('started', { key: 'usual' }).then(since),
  ]);
  expect(noticedMs).toBeLessThan(3_500);
  expect(begunMs).toBeLessThan(5_000);
  // It counts as lost when its farewell has not come for as long again.
  await expect.poll(lost, { timeout: 5_000 }).toBe(1);
  usual.release('usual');
  expect((await answer).message.result).toMatchObject({ content: [{ text: 'usual is done' }] });
});

function startsOf(key: string): number {
  return cluster.workers.flatMap((worker) => worker.logs.having('started', { key })).length;
}
