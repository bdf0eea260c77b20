import { afterAll, expect, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { metricOfWorkers } from '../support/metric.ts';
import { send, toolCall, type WireAnswer } from '../support/wire.ts';

const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'resilience'],
  privateRedis: true,
  workerEnv: { MILLRACE_SLOTS: '2' },
});
afterAll(() => cluster.stop());

let turn = 0;
function call(name: string, args: Record<string, unknown> = {}): Promise<WireAnswer> {
  turn += 1;
  return send(cluster.urls[turn % 2] ?? '', toolCall(name, args));
}

const textOf = ({ message }: WireAnswer) => (message.result?.['content'] as { text: string }[])?.[0]?.text;

/** Keys of the calls that have been begun, in that order; of one process unless told otherwise. */
const begun = (prefix: string, workers = cluster.workers) =>
  workers
    .flatMap(({ logs }) => logs.having('started'))
    .map(({ key }) => String(key))
    .filter((key) => key.startsWith(prefix));

/** Makes so many calls that are held, and lets one go after the other. @returns how many ran at a time at most */
async function runAll(tool: string, prefix: string, count: number): Promise<number> {
  const calls = new Map(
    Array.from({ length: count }, (_, n) => `${prefix}-${n}`).map((key) => [key, call(tool, { key })]),
  );
  const released = new Set<string>();
  let most = 0;
  while (released.size < count) {
    const running = await vi.waitUntil(
      () => {
        const keys = begun(prefix).filter((key) => !released.has(key));
        return keys.length > 0 && keys;
      },
      { timeout: 10_000 },
    );
    most = Math.max(most, running.length);
    const [next = ''] = running;
    released.add(next);
    cluster.release(next);
    expect(textOf((await calls.get(next)) as WireAnswer)).toBe(`${next} is done`);
  }
  return most;
}

test('perWorker: each worker runs so many at a time, and the others wait for them', async () => {
  expect(await runAll('one_per_worker', 'each', 6)).toBe(2);
  for (const worker of cluster.workers) expect(begun('each', [worker]).length).toBeGreaterThan(0);
});

test('perWorker: who finds a worker full does not wait there while another one is idle', async () => {
  for (let round = 0; round < 5; round += 1) {
    const keys = [`left-${round}-0`, `left-${round}-1`];
    const calls = keys.map((key) => call('one_per_worker', { key }));
    await expect.poll(() => begun(`left-${round}`).length, { timeout: 5_000 }).toBe(2);
    for (const key of keys) cluster.release(key);
    await Promise.all(calls);
  }
});

test('fleet: so many run at a time on all workers together', async () => {
  expect(await runAll('one_in_the_fleet', 'alone', 4)).toBe(1);
  expect(await runAll('two_in_the_fleet', 'pair', 4)).toBe(2);
});

test('calls that wait for their limit keep no slot from other tools', async () => {
  const keys = Array.from({ length: 8 }, (_, n) => `crowd-${n}`);
  const crowd = keys.map((key) => call('one_in_the_fleet', { key }));
  await expect.poll(() => begun('crowd').length).toBe(1);
  const waiting = () => metricOfWorkers(cluster, 'millrace_bulkhead_waiting', { tool: 'one_in_the_fleet' });
  await expect.poll(waiting).toBeGreaterThan(0);
  const echoes = await Promise.all(Array.from({ length: 10 }, () => call('echo', { text: 'through' })));
  expect(echoes.map(textOf)).toEqual(Array.from({ length: 10 }, () => 'through'));
  expect(begun('crowd')).toHaveLength(1);
  for (const key of keys) cluster.release(key);
  expect((await Promise.all(crowd)).map(textOf)).toEqual(keys.map((key) => `${key} is done`));
  expect(await waiting()).toBe(0);
});

test('who waits beyond the deadline is told so, and is never run', async () => {
  await cluster.startFrontDoor({ MILLRACE_CALL_TIMEOUT_MS: '800' });
  await cluster.frontDoors[2]?.logs.first('the catalogue changed', { workers: 2 });
  const first = call('one_in_the_fleet', { key: 'patient' });
  await cluster.logged('started', { key: 'patient' });
  const late = await send(cluster.urls[2] ?? '', toolCall('one_in_the_fleet', { key: 'late' }));
  expect(late.message.error?.data).toMatchObject({ name: 'deadline_exceeded' });
  cluster.release('patient');
  expect(textOf(await first)).toBe('patient is done');
  const next = call('one_in_the_fleet', { key: 'next' });
  await cluster.logged('started', { key: 'next' });
  cluster.release('next');
  await next;
  expect(begun('late')).toEqual([]);
});

test('what a dead worker held comes back', async () => {
  const dying = await cluster.startWorker();
  await cluster.seesWorkers(3);
  const keys = Array.from({ length: 3 }, (_, n) => `orphan-${n}`);
  // One of them runs, on whichever worker; that worker dies.
  const calls = keys.map((key) => call('one_in_the_fleet', { key }));
  await expect.poll(() => begun('orphan').length).toBe(1);
  const [first = ''] = begun('orphan');
  const holder =
    cluster.workers.find(({ logs }) => logs.having('started', { key: first }).length > 0) ?? dying;
  for (const key of keys) for (const worker of cluster.workers) if (worker !== holder) worker.release(key);
  await holder.kill('SIGKILL');
  expect((await Promise.all(calls)).map(textOf)).toEqual(keys.map((key) => `${key} is done`));
});

test('while the limit cannot be asked for, each worker keeps to it by itself', async () => {
  const redis = await connectRedis(cluster.redisUrl);
  await redis.set(`${cluster.prefix}:leases:two_in_the_fleet`, 'no leases', 'PX', 60_000);
  const workers = cluster.workers.filter(({ running }) => running).length;
  expect(await runAll('two_in_the_fleet', 'blind', 8)).toBeLessThanOrEqual(2 * workers);
  await redis.del(`${cluster.prefix}:leases:two_in_the_fleet`);
  redis.disconnect();
  await cluster.logged('the limit of the fleet could not be asked for', { tool: 'two_in_the_fleet' });
});

test('after Redis was away the limit holds as before', async () => {
  const workers = cluster.workers.filter(({ running }) => running).length;
  const again = cluster.frontDoors.map(({ logs }) => logs.next('the catalogue changed', { workers }));
  await cluster.stopRedis();
  await cluster.restartRedis();
  await Promise.all(again);
  expect(await runAll('one_in_the_fleet', 'anew', 3)).toBe(1);
});
