import { expect, onTestFinished, test, vi } from 'vitest';
import { FleetLeases } from './fleet-leases.ts';
import { onLink } from './testing/policy-links.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();

async function someLeases(): Promise<FleetLeases> {
  const leases = await onLink(redis.source, (link) => new FleetLeases(link, redis.keys));
  await leases.start();
  onTestFinished(() => leases.stop());
  return leases;
}

/** What a promise has come to so far. */
async function soFar<T>(promise: Promise<T>): Promise<T | 'waits'> {
  await redis.redis.ping();
  await redis.redis.ping();
  return Promise.race([promise, new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')))]);
}

test('there are only so many in the whole fleet, and who waits gets the next one', async () => {
  const [one, other] = [await someLeases(), await someLeases()];
  const first = await one.take('scan', 1).taken;
  const second = other.take('scan', 1);
  expect(await soFar(second.taken)).toBe('waits');
  first?.release();
  expect(await second.taken).toBeDefined();
  (await second.taken)?.release();
});

test('tools do not get in the way of each other', async () => {
  const leases = await someLeases();
  const both = await Promise.all([leases.take('scan', 1).taken, leases.take('print', 1).taken]);
  expect(both.every((lease) => lease !== undefined)).toBe(true);
});

test('those who wait are served in their order', async () => {
  const leases = await someLeases();
  const first = await leases.take('scan', 1).taken;
  const served: string[] = [];
  const others = ['second', 'third'].map(async (name) => {
    const lease = await leases.take('scan', 1).taken;
    served.push(name);
    lease?.release();
  });
  first?.release();
  await Promise.all(others);
  expect(served).toEqual(['second', 'third']);
});

test('who gives up gets nothing and takes nothing away', async () => {
  const leases = await someLeases();
  const first = await leases.take('scan', 1).taken;
  const second = leases.take('scan', 1);
  const third = leases.take('scan', 1);
  second.giveUp();
  expect(await second.taken).toBeUndefined();
  first?.release();
  expect(await third.taken).toBeDefined();
});

test('a lease that is given back twice was held once', async () => {
  const leases = await someLeases();
  const [first] = await Promise.all([leases.take('scan', 2).taken, leases.take('scan', 2).taken]);
  first?.release();
  first?.release();
  await vi.waitFor(async () => expect(await redis.redis.zcard(redis.keys.leases('scan'))).toBe(1));
});

test('what a dead worker held comes back, what a living one holds does not', async () => {
  const [living, other] = [await someLeases(), await someLeases()];
  await living.take('scan', 2).taken;
  await redis.redis.zadd(redis.keys.leases('scan'), Date.now() + 300, 'of a dead worker');
  const next = await other.take('scan', 2).taken;
  expect(next).toBeDefined();
  expect(await redis.redis.zrange(redis.keys.leases('scan'), '0', '-1')).not.toContain('of a dead worker');
  expect(await soFar(other.take('scan', 2).taken)).toBe('waits');
});

test('leases are renewed for as long as they are held', async () => {
  const leases = await someLeases();
  await leases.take('scan', 1).taken;
  const expiry = async () =>
    Number((await redis.redis.zrange(redis.keys.leases('scan'), '0', '0', 'WITHSCORES'))[1]);
  const before = await expiry();
  await vi.waitFor(async () => expect(await expiry()).toBeGreaterThan(before), { timeout: 5_000 });
});

test('who asks while Redis refuses is told so', async () => {
  const leases = await someLeases();
  await redis.redis.set(redis.keys.leases('scan'), 'not a sorted set', 'PX', 10_000);
  await expect(leases.take('scan', 1).taken).rejects.toThrow('WRONGTYPE');
});
