import { afterAll, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { figure, Load, outcomes } from '../support/load.ts';
import { RedisProxy } from '../support/redis-proxy.ts';
import { send, toolCall } from '../support/wire.ts';

/** Two workers with two slots each, so that 200 ms of work are done 20 times a second. */
const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'limits'],
  frontDoorEnv: { MILLRACE_CALL_TIMEOUT_MS: '2000' },
  workerEnv: { MILLRACE_POOLS: 'default,narrow', MILLRACE_SLOTS: '2' },
});
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

const PATIENCE = { timeout: 10_000, interval: 50 };
const WORK = toolCall('work', { ms: 200 });

/** Calls that were dropped by workers. */
async function expired(): Promise<number> {
  const counts = await Promise.all(
    cluster.workers.map(async (worker) => {
      const { admin } = await worker.listening();
      return figure(`http://127.0.0.1:${admin.port}`, 'millrace_expired_total{pool="default"}');
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Lets the front doors see how long the work takes. */
async function learn(): Promise<void> {
  const loads = cluster.urls.slice(0, 2).map((url) => new Load(url, WORK, 4).done);
  for (const answers of await Promise.all(loads)) expect(outcomes(answers)).toEqual({ result: 4 });
}

/** A further front door, on a way to Redis that can be held up. */
async function aFrontDoor(env: Record<string, string>) {
  const proxy = await RedisProxy.start(cluster.redisUrl);
  onTestFinished(() => proxy.stop());
  const process = await cluster.startFrontDoor({ REDIS_URL: proxy.url, ...env });
  onTestFinished(async () => {
    proxy.mend();
    await process.kill('SIGTERM');
  });
  await process.logs.first('the catalogue changed', { workers: 2 });
  const at = cluster.frontDoors.indexOf(process);
  return { proxy, process, url: cluster.urls[at] ?? '', adminUrl: cluster.adminUrls[at] ?? '' };
}

test('calls that would wait past their deadline are refused at once; those that are admitted end in time', async () => {
  await learn();
  const loads = [new Load(here, WORK, 60), new Load(there, WORK, 60)];
  const [first = [], second = []] = await Promise.all(loads.map(({ done }) => done));
  const answers = [...first, ...second];
  const { result = 0, overloaded = 0, deadline_exceeded: late = 0 } = outcomes(answers);
  // Each front door lets in what it can know of; within a second they know of each other, and refuse the rest.
  expect(result + overloaded + late).toBe(120);
  expect(late).toBeLessThanOrEqual(8);
  // There is time for 30 or so.
  expect(result).toBeGreaterThanOrEqual(20);
  expect(overloaded).toBeGreaterThanOrEqual(60);
  const refused = answers.find(({ message }) => message.error?.data?.['details'] !== undefined);
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(refused?.message.error).toMatchObject({
    code: -32015,
    data: {
      type: 'unavailable',
      retryable: true,
      retryAfterMs: expect.any(Number),
      details: { pool: 'narrow', waitMs: expect.any(Number), mayWaitMs: expect.any(Number) },
    },
  });
  // Refusals do not wait: they are there while most of the work is still to be done.
  for (const { answers: inOrder } of loads) {
    expect(inOrder.slice(0, 20).map(({ status }) => status)).toContain(503);
  }
  const counts = await Promise.all(
    cluster.adminUrls.map((url) => figure(url, 'millrace_refused_total{reason="overloaded"}')),
  );
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(overloaded);
});

test('a front door knows of the calls of others', async () => {
  await learn();
  const load = new Load(here, WORK, 60);
  // As long as it has calls of its own, it asks; what it then sees makes it refuse.
  const refusals = async () =>
    outcomes(await new Load(there, toolCall('impatient_work', { ms: 200 }), 1).done);
  await expect.poll(refusals, { timeout: 2_000, interval: 50 }).toEqual({ overloaded: 1 });
  await load.done;
});

test('once the work is done, calls are admitted again', async () => {
  await expect
    .poll(async () => outcomes(await new Load(here, WORK, 1).done), PATIENCE)
    .toEqual({ result: 1 });
});

test('a tool may want less waiting than the deadline allows', async () => {
  await learn();
  const load = new Load(here, WORK, 20);
  const impatient = outcomes(await new Load(here, toolCall('impatient_work', { ms: 1 }), 5).done);
  expect(impatient).toEqual({ overloaded: 5 });
  await load.done;
});

test('calls that wait in a front door are bounded', async () => {
  const { url, adminUrl } = await aFrontDoor({
    MILLRACE_MAX_PENDING_CALLS: '3',
    MILLRACE_CALL_TIMEOUT_MS: '20000',
  });
  const load = new Load(url, toolCall('hold', { key: 'bounded' }), 3);
  await expect.poll(() => figure(adminUrl, 'millrace_pending_calls'), PATIENCE).toBe(3);
  const refused = await send(url, toolCall('echo', { text: 'x' }));
  expect(refused.status).toBe(503);
  expect(refused.message.error?.data).toMatchObject({
    name: 'overloaded',
    retryAfterMs: 1_000,
    details: { maxPendingCalls: 3 },
  });
  cluster.release('bounded');
  expect(outcomes(await load.done)).toEqual({ result: 3 });
});

test('so are their bytes', async () => {
  const { url, adminUrl } = await aFrontDoor({
    MILLRACE_MAX_PENDING_BYTES: '4000',
    MILLRACE_MAX_BODY_BYTES: '4000',
    MILLRACE_CALL_TIMEOUT_MS: '20000',
  });
  const call = (key: string) => toolCall('hold', { key: key.padEnd(2_000) });
  const held = send(url, call('bytes'));
  await cluster.logged('started', { key: 'bytes'.padEnd(2_000) });
  expect(await figure(adminUrl, 'millrace_pending_bytes')).toBeGreaterThan(2_000);
  expect((await send(url, call('more'))).message.error?.data).toMatchObject({
    name: 'overloaded',
    details: { maxPendingBytes: 4_000 },
  });
  cluster.release('bytes'.padEnd(2_000));
  expect((await held).status).toBe(200);
  await expect.poll(() => figure(adminUrl, 'millrace_pending_bytes'), PATIENCE).toBe(0);
});

test('while Redis is slow, a front door goes by what it knows itself', async () => {
  const { url, proxy, adminUrl } = await aFrontDoor({});
  await expect.poll(async () => outcomes(await new Load(url, WORK, 4).done), PATIENCE).toEqual({ result: 4 });
  proxy.stall();
  const load = new Load(url, WORK, 60);
  // The load is exchanged twice a second: two failures are enough to see that nothing depends on it.
  await expect.poll(() => load.answers.length, PATIENCE).toBeGreaterThan(0);
  expect(load.answers[0]?.message.error?.data?.['name']).toBe('overloaded');
  proxy.mend();
  const { result = 0, overloaded = 0, deadline_exceeded: late = 0 } = outcomes(await load.done);
  expect(result + overloaded + late).toBe(60);
  await expect.poll(() => figure(adminUrl, 'millrace_pending_calls'), PATIENCE).toBe(0);
});

test('a call whose deadline passes on the queue is not run, and counted', async () => {
  const { url: patient } = await aFrontDoor({ MILLRACE_CALL_TIMEOUT_MS: '20000' });
  const before = await expired();
  const holds = Array.from({ length: 4 }, (_, n) => send(patient, toolCall('hold', { key: `slot-${n}` })));
  for (let n = 0; n < 4; n += 1) await cluster.logged('started', { key: `slot-${n}` });
  const late = await send(here, toolCall('hold', { key: 'late' }));
  expect(late.message.error?.data?.['name']).toBe('deadline_exceeded');
  for (let n = 0; n < 4; n += 1) cluster.release(`slot-${n}`);
  await Promise.all(holds);
  await expect.poll(expired, PATIENCE).toBe(before + 1);
  expect(cluster.workers.flatMap(({ logs }) => logs.having('started', { key: 'late' }))).toEqual([]);
});

test.each([
  ['MILLRACE_MAX_PENDING_BYTES', '1000', 'MILLRACE_MAX_BODY_BYTES'],
  ['MILLRACE_RATE_LIMIT_TIMEOUT_MS', '2000', 'MILLRACE_CALL_TIMEOUT_MS'],
])('%s=%s does not go with %s, and both are named', async (variable, value, other) => {
  const started = cluster.spawn('front-door', { [variable]: value });
  expect(await started.exited).toEqual({ code: 1, signal: null });
  expect(started.stderr).toContain(variable);
  expect(started.stderr).toContain(other);
});

test.each([
  ['MILLRACE_MAX_QUEUE_MS', '0'],
  ['MILLRACE_MAX_PENDING_CALLS', '0'],
  ['MILLRACE_MAX_PENDING_BYTES', '-1'],
])('%s=%s is refused at the start', async (variable, value) => {
  const started = cluster.spawn('front-door', { [variable]: value });
  expect(await started.exited).toEqual({ code: 1, signal: null });
  expect(started.stderr).toContain(`${variable}: `);
});
