import { EMPTY_OFFER, MillraceError } from '@millrace/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { Announcer } from './announcer.ts';
import { Catalogue } from './catalogue.ts';
import { Dispatcher } from './dispatcher.ts';
import { PoolQueue } from './pool-queue.ts';
import { removeQueue } from './remove-queue.ts';
import { Answer, aCall } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

/** A worker that keeps state for somebody has a queue of its own, which nobody takes over when it is gone. */
const context = useTestRedis();
const services: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const service of services.splice(0).reverse()) await service.stop();
});

const keysOf = (pool: string) => context.redis.keys(`${context.keys.prefix}:{${pool}}:*`);

test('the queue of a worker that is gone is removed with all that is in it', async () => {
  const { redis, keys, source } = context;
  const [gone, other] = ['w-1', 'w-2'].map((pool) => new PoolQueue(redis, keys, pool, 'f-1'));
  await gone?.add([aCall('a')]);
  await other?.add([aCall('b')]);
  await Promise.all([
    removeQueue(redis, keys, 'w-1', source.logger),
    removeQueue(redis, keys, 'w-1', source.logger),
  ]);
  expect(await keysOf('w-1')).toEqual([]);
  expect(await keysOf('w-2')).not.toEqual([]);
});

test('calls on their way to it end with an error, all others go on', async () => {
  const { source, keys } = context;
  const dispatcher = new Dispatcher({ source, keys, frontDoor: 'f-1', slotsOf: () => 4 });
  services.push(dispatcher);
  await dispatcher.start();
  const [lost, other] = ['w-1', 'w-2'].map((pool) => {
    const answer = new Answer();
    dispatcher.dispatch({ call: aCall(pool), pool, idempotent: true, bytes: 1, listener: answer.listener });
    return answer;
  });
  await vi.waitFor(async () => expect(await keysOf('w-1')).not.toEqual([]));
  dispatcher.abandon('w-1', (target) => new MillraceError('state_lost', `${target} is gone`));
  const { kind, payload } = (await lost?.end) ?? {};
  expect([kind, JSON.parse(payload ?? '')]).toMatchObject(['error', { data: { name: 'state_lost' } }]);
  expect(dispatcher.pending).toBe(1);
  await vi.waitFor(async () => expect(await keysOf('w-1')).toEqual([]));
  dispatcher.cancel('w-2');
  expect(other).toBeDefined();
});

test('a worker that leaves is known by its own queue until it has ended its calls', async () => {
  const { source, keys } = context;
  const times = { heartbeatMs: 1_000, workerTtlMs: 5_000, offerTtlMs: 10_000 };
  const worker = { id: 'w-1', pools: ['default', 'w-1'], slots: 4, startedAt: 1, host: 'here', pid: 1 };
  const announcer = new Announcer({ source, keys, times, worker, offer: () => EMPTY_OFFER });
  const catalogue = new Catalogue({ source, keys, times });
  services.push(announcer, catalogue);
  await catalogue.start();
  await announcer.start();
  await vi.waitFor(() => expect([...catalogue.view.slots.keys()]).toEqual(['default', 'w-1']));
  await announcer.retreat(['w-1']);
  await vi.waitFor(() => expect([...catalogue.view.slots.keys()]).toEqual(['w-1']));
  await announcer.stop();
  await vi.waitFor(() => expect([...catalogue.view.slots.keys()]).toEqual([]));
});
