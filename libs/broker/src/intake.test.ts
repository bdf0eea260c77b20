import { once } from 'node:events';
import { type Batch, ENVELOPE_VERSION, type WireBatch } from '@millrace/protocol';
import { Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { RedisProxy } from '../../../test/support/redis-proxy.ts';
import { type Abandoned, type Delivery, TryAgain } from './delivery.ts';
import { Intake } from './intake.ts';
import type { IntakeOptions } from './intake-options.ts';
import { PoolQueue } from './pool-queue.ts';
import { aCall } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const places: Place[] = [];

afterEach(async () => {
  for (const place of places.splice(0)) {
    place.finish();
    await place.intake.stop();
  }
});

interface Place {
  readonly deliveries: Delivery[];
  /** Resolves when so many batches have come. */
  came(count: number): Promise<Delivery[]>;
  /** Lets all that came, and all that will come, end. */
  finish(): void;
  readonly intake: Intake;
}

async function startIntake(options: Partial<IntakeOptions> = {}): Promise<Place> {
  const deliveries: Delivery[] = [];
  const waiting: (() => void)[] = [];
  const finished = Promise.withResolvers<void>();
  const { source, keys } = context;
  const intake = new Intake({
    source,
    keys,
    pool: 'default',
    lockMs: 5_000,
    freeSlots: () => 1,
    ...options,
    onDelivery: (delivery) => {
      deliveries.push(delivery);
      for (const look of waiting) look();
      return finished.promise;
    },
  });
  await intake.start();
  const came = (count: number) =>
    new Promise<Delivery[]>((resolve) => {
      const look = () => {
        if (deliveries.length >= count) resolve(deliveries);
      };
      waiting.push(look);
      look();
    });
  const place = { deliveries, came, finish: () => finished.resolve(), intake };
  places.push(place);
  return place;
}

function queue(): PoolQueue {
  return new PoolQueue(context.redis, context.keys, 'default', 'f-1');
}

test('a batch comes as it was sent, for the first time', async () => {
  const call = aCall('a', { params: { name: 'echo', arguments: { text: 'ü' } } });
  await queue().add([call]);
  const place = await startIntake();
  const [delivery] = await place.came(1);
  expect(delivery).toMatchObject({
    redelivered: false,
    batch: { replyTo: { frontDoor: 'f-1' }, calls: [call] },
  });
  expect(delivery?.job).toMatch(/^default\./);
});

test('further batches are taken while there are free slots', async () => {
  for (const id of 'abc') await queue().add([aCall(id)]);
  const place = await startIntake();
  expect(await place.came(3)).toHaveLength(3);
});

test('without a free slot the next batch stays on the queue, for others', async () => {
  for (const id of 'ab') await queue().add([aCall(id)]);
  const busy = await startIntake({ freeSlots: () => 0 });
  await busy.came(1);
  const idle = await startIntake();
  await idle.came(1);
  expect([busy.deliveries, idle.deliveries]).toMatchObject([
    [{ batch: { calls: [{ id: 'a' }] } }],
    [{ batch: { calls: [{ id: 'b' }] } }],
  ]);
});

test('a slot that becomes free lets the next batch come', async () => {
  let free = 0;
  for (const id of 'ab') await queue().add([aCall(id)]);
  const place = await startIntake({ freeSlots: () => free });
  await place.came(1);
  free = 1;
  place.intake.adjust();
  expect(await place.came(2)).toHaveLength(2);
});

test('a batch of a lost worker comes again, under the same id, and says so', async () => {
  const { source, keys } = context;
  const connection = new Redis(source.url, { maxRetriesPerRequest: null });
  const lost = new Worker<WireBatch>(keys.queue('default'), () => new Promise(() => undefined), {
    connection,
    prefix: keys.prefix,
    lockDuration: 100,
    skipLockRenewal: true,
    skipStalledCheck: true,
  });
  const active = once(lost, 'active');
  await queue().add([aCall('a')]);
  const [job] = await active;
  const place = await startIntake({ lockMs: 100 });
  const [delivery] = await place.came(1);
  expect(delivery).toMatchObject({ redelivered: true, job: `default.${job.id}` });
  await lost.close(true);
  connection.disconnect();
});

test('a batch of a version that nobody could read for a while is given up, and says which', async () => {
  const { source, keys, redis } = context;
  const place = await startIntake();
  const events = new QueueEvents(keys.queue('default'), {
    connection: { url: source.url },
    prefix: keys.prefix,
  });
  await events.waitUntilReady();
  const failed = once(events, 'failed');
  // A newer front door may send what this worker cannot read.
  const newer = new Queue(keys.queue('default'), { connection: redis, prefix: keys.prefix });
  await newer.add('batch', { v: 99, calls: [] }, { timestamp: Date.now() - 61_000 });
  const [{ failedReason }] = await failed;
  expect(failedReason).toBe(
    `batch of version 99 cannot be read: this process reads versions 1 to ${ENVELOPE_VERSION}`,
  );
  expect(place.deliveries).toEqual([]);
  await events.close();
});

test('a batch that an older worker cannot read is run by a newer one', async () => {
  const older = await startIntake({ envelope: 1 });
  const lines: string[] = [];
  const leaves = new Promise<void>((resolve) => {
    vi.spyOn(context.source.logger, 'warn').mockImplementation((...line: unknown[]) => {
      lines.push(String(line[1]));
      resolve();
    });
  });
  await queue().add([aCall('a')]);
  await leaves;
  const newer = await startIntake();
  expect(await newer.came(1)).toMatchObject([{ redelivered: false, batch: { calls: [{ id: 'a' }] } }]);
  expect(older.deliveries).toEqual([]);
  expect(lines[0]).toBe('a batch is left to newer workers');
});

test('stop waits for the batches under way', async () => {
  await queue().add([aCall('a')]);
  const place = await startIntake();
  await place.came(1);
  let stopped = false;
  const stopping = place.intake.stop().then(() => {
    stopped = true;
  });
  await new Promise(setImmediate);
  expect(stopped).toBe(false);
  place.finish();
  await stopping;
  expect(stopped).toBe(true);
});

test('it can be stopped when it was never started', async () => {
  const { source, keys } = context;
  const options = { source, keys, pool: 'default', lockMs: 1_000, freeSlots: () => 1 };
  await new Intake({ ...options, onDelivery: async () => undefined }).stop();
});

/** An intake on which work fails in this way; it tells of each delivery and of batches that were given up. */
async function startFailing(failure: () => Error) {
  const retried: boolean[] = [];
  const times: number[] = [];
  const abandoned = Promise.withResolvers<Batch>();
  const { source, keys } = context;
  const intake = new Intake({
    source,
    keys,
    pool: 'default',
    lockMs: 5_000,
    freeSlots: () => 4,
    onDelivery: async (delivery) => {
      retried.push(delivery.retried);
      times.push(Date.now());
      if (delivery.retried) throw failure();
    },
    onAbandoned: async ({ batch }) => abandoned.resolve(batch),
  });
  await intake.start();
  onTestFinished(() => intake.stop());
  return { retried, times, abandoned: abandoned.promise };
}

test('a batch that has to come again does so after its back-off, as often as it was sent for', async () => {
  const { retried, times } = await startFailing(() => new TryAgain('busy'));
  const retries = { attempts: 3, backoff: { type: 'exponential', delay: 100 } };
  await queue().add([aCall('a')], undefined, retries);
  await expect.poll(() => retried, { timeout: 4_000 }).toEqual([true, true, false]);
  const [first = 0, second = 0, third = 0] = times;
  expect(second - first).toBeGreaterThanOrEqual(95);
  expect(third - second).toBeGreaterThanOrEqual(195);
  expect(third - first).toBeLessThan(2_000);
});

test('a batch that nobody will take again is given up', async () => {
  const { abandoned } = await startFailing(() => new UnrecoverableError('broken'));
  await queue().add([aCall('a')], undefined, { attempts: 2 });
  expect((await abandoned).calls.map(({ id }) => id)).toEqual(['a']);
});

/** Takes the next job as a worker that dies with it, as often as it is told. */
async function dieWithJob(times: number): Promise<void> {
  const { source, keys } = context;
  for (let death = 0; death < times; death += 1) {
    const connection = new Redis(source.url, { maxRetriesPerRequest: null });
    const doomed = new Worker<WireBatch>(keys.queue('default'), () => new Promise(() => undefined), {
      connection,
      prefix: keys.prefix,
      lockDuration: 100,
      stalledInterval: 50,
      maxStalledCount: 1_000,
      skipLockRenewal: true,
    });
    await once(doomed, 'active');
    await doomed.close(true);
    connection.disconnect();
  }
}

test('a batch that its workers did not survive, too often, is given up under its own name', async () => {
  await queue().add([aCall('a')]);
  await dieWithJob(2);
  const abandoned = Promise.withResolvers<Abandoned>();
  const onAbandoned = async (one: Abandoned) => abandoned.resolve(one);
  const place = await startIntake({ lockMs: 200, maxDeaths: 2, onAbandoned });
  expect(await abandoned.promise).toMatchObject({
    job: expect.stringMatching(/^default\./),
    batch: { calls: [{ id: 'a' }] },
    deaths: 2,
    reason: 'each worker that had it was lost',
  });
  expect(place.deliveries).toEqual([]);
});

test('of those that were with dead workers twice only one runs at a time', async () => {
  for (const id of 'ab') await queue().add([aCall(id)]);
  await dieWithBoth(2);
  const place = await startIntake({ lockMs: 300, freeSlots: () => 4 });
  const [first] = await place.came(1);
  expect(first?.deaths).toBe(2);
  // The other one is put off again and again, while a call that is above suspicion passes.
  await queue().add([aCall('fresh')]);
  const [, second] = await place.came(2);
  expect(second?.batch.calls).toMatchObject([{ id: 'fresh' }]);
  place.finish();
  expect((await place.came(3))[2]?.deaths).toBe(2);
});

/** Takes two jobs as a worker that dies with them, as often as it is told. */
async function dieWithBoth(times: number): Promise<void> {
  const { source, keys } = context;
  for (let death = 0; death < times; death += 1) {
    const connection = new Redis(source.url, { maxRetriesPerRequest: null });
    const taken: unknown[] = [];
    const take = (job: unknown) => {
      taken.push(job);
      return new Promise(() => undefined);
    };
    const doomed = new Worker<WireBatch>(keys.queue('default'), take, {
      connection,
      prefix: keys.prefix,
      concurrency: 2,
      lockDuration: 100,
      stalledInterval: 50,
      maxStalledCount: 1_000,
      skipLockRenewal: true,
    });
    await vi.waitUntil(() => taken.length === 2, { timeout: 5_000 });
    await doomed.close(true);
    connection.disconnect();
  }
}

test('a call that is sent apart travels in one job of its own, and brings its deaths with it', async () => {
  await queue().add([aCall('a'), aCall('b')]);
  await dieWithJob(1);
  const place = await startIntake({ lockMs: 200, freeSlots: () => 4 });
  const [delivery] = await place.came(1);
  const [call] = delivery?.batch.calls ?? [];
  if (!delivery || !call) throw new Error('nothing came');
  await Promise.all([delivery.sendApart(call), delivery.sendApart(call)]);
  const [, apart] = await place.came(2);
  expect(apart).toMatchObject({ redelivered: false, deaths: 1, batch: { calls: [{ id: 'a' }] } });
  place.finish();
  await place.intake.stop();
  expect(place.deliveries).toHaveLength(2);
});

test('a batch whose lock is lost is left to others, whatever becomes of the work', async () => {
  const { keys, redis } = context;
  await queue().add([aCall('a')]);
  const place = await startIntake({ lockMs: 200 });
  const [delivery] = await place.came(1);
  const lost = new Promise<void>((resolve) => delivery?.lock.whenLost(resolve));
  // Somebody else has it.
  await redis.set(`${keys.prefix}:${keys.queue('default')}:1:lock`, 'another', 'PX', 60_000);
  await lost;
  place.finish();
  await place.intake.stop();
  expect(await redis.lrange(`${keys.prefix}:${keys.queue('default')}:active`, 0, -1)).toEqual(['1']);
  expect(await redis.exists(`${keys.prefix}:${keys.queue('default')}:1`)).toBe(1);
});

test('it waits for a Redis that goes while it starts', async () => {
  const proxy = await RedisProxy.start(context.source.url);
  // Its own connection comes through, that on which BullMQ waits for jobs does not.
  proxy.admit(1);
  const refused = vi.spyOn(context.source.logger, 'warn');
  const starting = startIntake({ source: { ...context.source, url: proxy.url } });
  await vi.waitUntil(() => refused.mock.calls.some(([, text]) => text === 'the queue could not be reached'));
  proxy.mend();
  await queue().add([aCall('a')]);
  const place = await starting;
  expect((await place.came(1))[0]?.batch.calls).toMatchObject([{ id: 'a' }]);
  place.finish();
  await place.intake.stop();
  await proxy.stop();
});
