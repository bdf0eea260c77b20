import { once } from 'node:events';
import type { Batch, WireBatch } from '@millrace/protocol';
import { Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { type Delivery, Intake, type IntakeOptions, TryAgain } from './intake.ts';
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
  expect(failedReason).toBe('batch of version 99 cannot be read: this process reads versions 1 to 2');
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
    onAbandoned: async (batch) => abandoned.resolve(batch),
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
