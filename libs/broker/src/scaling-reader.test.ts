import { Queue } from 'bullmq';
import { afterEach, expect, test } from 'vitest';
import { BacklogReports } from './backlog-reports.ts';
import type { Delivery } from './delivery.ts';
import { FinishedCalls } from './finished-calls.ts';
import { Intake } from './intake.ts';
import { startPrivateRedis } from './local-redis.ts';
import { PoolQueue } from './pool-queue.ts';
import { ScalingReader } from './scaling-reader.ts';
import { aCall } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startReader(): Promise<ScalingReader> {
  const reader = new ScalingReader(context);
  closing.push(() => reader.stop());
  await reader.start();
  return reader;
}

/** The queue as BullMQ knows it, to add jobs of any age. */
function bullQueue(pool = 'default'): Queue {
  const { redis, keys } = context;
  const queue = new Queue(keys.queue(pool), { connection: redis, prefix: keys.prefix });
  closing.push(() => queue.close());
  return queue;
}

const jobs = (count: number, name: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => ({ name: name(at), data: {} }));

test('a pool that nobody ever used needs nothing', async () => {
  const reader = await startReader();
  expect(await reader.read('default', 1_000)).toEqual({
    pool: 'default',
    demand: 0,
    active: 0,
    waiting: 0,
    weight: 1,
    oldestWaitMs: 0,
    paused: false,
    estimated: false,
  });
});

test('demand is in calls, however they are batched, and of one pool only', async () => {
  const reader = await startReader();
  const { redis, keys } = context;
  const add = (pool: string, calls: number) =>
    new PoolQueue(redis, keys, pool, 'f-1').add(Array.from({ length: calls }, (_, at) => aCall(`c-${at}`)));
  await add('default', 1);
  await add('default', 7);
  await add('other', 5);
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 8, waiting: 8, active: 0 });
  expect(await reader.read('other', 60_000)).toMatchObject({ demand: 5, waiting: 5 });
});

test('calls that a worker holds count: a busy worker is needed', async () => {
  const { source, keys, redis } = context;
  const taken = Promise.withResolvers<Delivery>();
  const finish = Promise.withResolvers<void>();
  let free = 1;
  const onDelivery = (delivery: Delivery) => {
    free = 0;
    taken.resolve(delivery);
    return finish.promise;
  };
  const intake = new Intake({
    source,
    keys,
    pool: 'default',
    lockMs: 1_000,
    freeSlots: () => free,
    onDelivery,
  });
  closing.push(() => intake.stop());
  closing.push(async () => finish.resolve());
  const queue = new PoolQueue(redis, keys, 'default', 'f-1');
  await queue.add([aCall('a'), aCall('b'), aCall('c')]);
  await intake.start();
  await taken.promise;
  await queue.add([aCall('d'), aCall('e')]);
  const reader = await startReader();
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 5, active: 3, waiting: 2 });
});

test('calls of a running batch that are answered, or were put back, do not count any more', async () => {
  const { source, keys, redis } = context;
  const taken = Promise.withResolvers<Delivery>();
  const finish = Promise.withResolvers<void>();
  const onDelivery = (delivery: Delivery) => {
    taken.resolve(delivery);
    return finish.promise;
  };
  const intake = new Intake({ source, keys, pool: 'default', lockMs: 1_000, freeSlots: () => 0, onDelivery });
  closing.push(() => intake.stop());
  closing.push(async () => finish.resolve());
  await new PoolQueue(redis, keys, 'default', 'f-1').add([aCall('a'), aCall('b'), aCall('c')]);
  await intake.start();
  const { job } = await taken.promise;
  await new FinishedCalls(redis, keys).mark(job, ['a', 'b']);
  const reader = await startReader();
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 1, active: 1, waiting: 0 });
});

test('calls that wait in the front doors count, until their front door says otherwise or is gone', async () => {
  const { source, keys, redis } = context;
  const told = new Map([
    ['f-1', 7],
    ['f-2', 5],
  ]);
  const clock = { now: () => 10_000 };
  const reports = [...told.keys()].map((frontDoor) => {
    const waiting = () => [['default', told.get(frontDoor) ?? 0, 10_000 - 3_000] as const];
    return new BacklogReports({ redis, keys, frontDoor, waiting, clock, logger: source.logger });
  });
  for (const report of reports) await report.tell();
  const reader = await startReader();
  expect(await reader.read('default', 60_000)).toMatchObject({
    demand: 12,
    waiting: 12,
    oldestWaitMs: 3_000,
  });
  expect(await reader.read('default', 1_000)).toMatchObject({ demand: 36, weight: 3 });
  expect(await redis.pttl(keys.backlog('default'))).toBeGreaterThan(0);
  told.set('f-1', 0);
  for (const report of reports) await report.tell();
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 5 });
  await redis.hset(keys.backlog('default'), 'f-2', '5 3000 1');
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 0 });
});

test('a front door in which nothing waits tells nothing', async () => {
  const { source, keys, redis } = context;
  const waiting = () => [['default', 0, 0] as const];
  const clock = { now: () => 0 };
  const report = new BacklogReports({ redis, keys, frontDoor: 'f-1', waiting, clock, logger: source.logger });
  await report.tell();
  expect(await redis.exists(keys.backlog('default'))).toBe(0);
});

test('waiting calls weigh more, the longer the oldest waits beyond the target, up to ten times', async () => {
  const reader = await startReader();
  await bullQueue().add('4 calls', {}, { timestamp: Date.now() - 6_000 });
  await bullQueue().add('6 calls', {});
  const patient = await reader.read('default', 60_000);
  expect(patient).toMatchObject({ demand: 10, weight: 1 });
  expect(patient.oldestWaitMs).toBeGreaterThanOrEqual(6_000);
  const late = await reader.read('default', 2_000);
  expect(late.weight).toBeCloseTo(late.oldestWaitMs / 2_000);
  expect(late.demand).toBe(Math.ceil(10 * late.weight));
  expect(await reader.read('default', 1)).toMatchObject({ demand: 100, weight: 10 });
});

test('of a paused pool only the active calls count: more workers could not take what waits', async () => {
  const reader = await startReader();
  const queue = bullQueue();
  await queue.add('3 calls', {});
  await queue.pause();
  expect(await reader.read('default', 1_000)).toMatchObject({ demand: 0, waiting: 3, paused: true });
  await queue.resume();
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 3, waiting: 3, paused: false });
});

test('a task that waits for its next attempt counts from when it is due', async () => {
  const reader = await startReader();
  const queue = bullQueue();
  await queue.add('1 call', {}, { delay: 60_000 });
  expect(await reader.read('default', 1_000)).toMatchObject({ demand: 0 });
  await queue.add('1 call', {}, { delay: 1, timestamp: Date.now() - 100 });
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 1, waiting: 1 });
});

test('calls with a priority count too', async () => {
  const reader = await startReader();
  await bullQueue().add('2 calls', {}, { priority: 3 });
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 2, waiting: 2 });
});

test('jobs of a release whose jobs had no count in their name count as one call', async () => {
  const reader = await startReader();
  await bullQueue().add('batch', {});
  expect(await reader.read('default', 60_000)).toMatchObject({ demand: 1 });
});

test('a long queue is estimated from some of its jobs, at the same cost however long it is', async () => {
  const reader = await startReader();
  const queue = bullQueue();
  const commandsOfOneRead = async () => {
    await reader.read('default', 60_000);
    await context.redis.config('RESETSTAT');
    const demand = await reader.read('default', 60_000);
    const calls = (await context.redis.info('commandstats')).matchAll(/cmdstat_(\w+):calls=(\d+)/g);
    const counts = new Map([...calls].map(([, name, count]) => [name, Number(count)]));
    const of = (name: string) => counts.get(name) ?? 0;
    return { demand, looked: of('hmget'), found: of('lindex'), whole: of('lrange') };
  };
  await queue.addBulk(jobs(1_000, (at) => `${1 + (at % 9)} calls`));
  const short = await commandsOfOneRead();
  await queue.addBulk(jobs(4_000, (at) => `${1 + (at % 9)} calls`));
  const long = await commandsOfOneRead();
  expect(short.demand).toMatchObject({ estimated: true });
  expect(Math.abs(short.demand.waiting / 5_000 - 1)).toBeLessThan(0.1);
  expect(Math.abs(long.demand.waiting / 25_000 - 1)).toBeLessThan(0.1);
  expect(long).toMatchObject({ looked: 200, found: 200, whole: short.whole });
  expect(short).toMatchObject({ looked: 200, found: 200 });
});

test('the oldest call of a long queue is always among those that are looked at', async () => {
  const reader = await startReader();
  const queue = bullQueue();
  await queue.add('1 call', {}, { timestamp: Date.now() - 9_000 });
  await queue.addBulk(jobs(333, () => '1 call'));
  const demand = await reader.read('default', 1_000);
  expect(demand).toMatchObject({ estimated: true, waiting: 334 });
  expect(demand.oldestWaitMs).toBeGreaterThanOrEqual(9_000);
});

test('with Redis away the read fails at once, so that the autoscaler takes its fall-back', async () => {
  const { source, keys } = context;
  const own = await startPrivateRedis();
  const reader = new ScalingReader({ source: { ...source, url: own.url }, keys });
  closing.push(() => reader.stop());
  await reader.start();
  await own.stop();
  await expect(reader.read('default', 1_000)).rejects.toThrow();
});
