import { IDEMPOTENCY_META_KEY } from '@millrace/protocol';
import type { LogLine } from '@millrace/toolkit/testing';
import { afterAll, expect, test, vi } from 'vitest';
import { as, makeKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { NamedRedisProxy } from '../support/named-redis-proxy.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * Lines of the processes themselves, and what plugins of the tests print. Every other line that is logged while calls are
 * made belongs to one of them.
 */
const NOT_OF_A_CALL =
  /^(tried|ran|Redis is (away|back)|the catalogue changed|flights could not be looked after|the front doors could not be counted)$/;

const REQUEST = 'request-7';

const cluster = await startCluster({
  frontDoors: 1,
  workers: 1,
  plugins: ['resilience', 'sharing', 'checked'],
  env: WITH_API_KEYS,
});
const [worker = cluster.spawn('worker')] = cluster.workers;
// A second one, because one that is alone looks nowhere else.
const proxy = await NamedRedisProxy.start(cluster.redisUrl);
const frontDoor = await cluster.startFrontDoor({ REDIS_URL: proxy.url });
await cluster.seesWorkers(1);
const acme = await makeKey(cluster, { tenant: 'acme' });
afterAll(() => cluster.stop().finally(() => proxy.stop()));

function call(tool: string, args: Record<string, unknown> = {}, meta: Record<string, unknown> = {}) {
  const { headers, body } = as(acme, toolCall(tool, args, meta));
  return send(cluster.urls[1] ?? '', { headers, body: { ...body, id: REQUEST } });
}

/** What was logged while this was done, of calls. */
async function linesOf(work: () => Promise<unknown>): Promise<readonly LogLine[]> {
  const processes = [frontDoor, worker];
  const before = processes.map(({ logs }) => logs.all.length);
  await work();
  const lines = processes.flatMap(({ logs }, at) => logs.all.slice(before[at]));
  return lines.filter(({ msg }) => !NOT_OF_A_CALL.test(msg));
}

/** Makes what is kept for the time when the tool fails unreadable. */
async function spoilLastGood(): Promise<void> {
  const redis = await connectRedis(cluster.redisUrl);
  const keys = await vi.waitUntil(async () => {
    const found = await redis.keys(`${cluster.prefix}:last-good:*`);
    return found.length > 0 && found;
  });
  for (const key of keys) {
    await redis.del(key);
    await redis.rpush(key, 'no text');
    await redis.pexpire(key, 60_000);
  }
  redis.disconnect();
}

test('lines of the front door say which request they belong to, whose it is, and of which tool', async () => {
  await call('weather', { city: 'Rome' });
  await spoilLastGood();
  cluster.release('storm');
  const lines = await linesOf(async () => {
    await vi.waitUntil(async () => {
      const { message } = await call('weather', { city: 'Rome' });
      return message.error?.data?.['name'] === 'circuit_open';
    });
    await frontDoor.logs.first('the last good result could not be read');
  });
  const atFrontDoor = lines.filter(({ name }) => name === 'front-door');
  expect(atFrontDoor).not.toEqual([]);
  for (const line of atFrontDoor) {
    expect(line).toMatchObject({ request: REQUEST, tenant: 'acme', tool: 'weather' });
  }
});

test('every line that a call causes, at front door and worker, says which call it is, whose, and of which tool', async () => {
  const lines = await linesOf(async () => {
    await call('fail_loudly');
    await call('doubly_broken');
    await call('too_slow');
    proxy.cut('sharing');
    await call('for_all', { id: 'a' });
    await call('plain', { id: 'b' });
    await call('effect', { id: 'c' }, { [IDEMPOTENCY_META_KEY]: 'c' });
    for (const msg of ['a call goes on without the cache', 'a key was not freed']) {
      await frontDoor.logs.first(msg);
    }
  });
  expect(new Set(lines.map(({ name, msg }) => `${name}: ${msg}`))).toEqual(
    new Set([
      'front-door: a call goes on without looking for identical ones',
      'front-door: a call goes on without the cache',
      'front-door: a key was not freed',
      'worker: a call failed',
      'worker: a fallback failed, too',
    ]),
  );
  for (const line of lines) {
    expect(line).toMatchObject({ tenant: 'acme', tool: expect.any(String) });
    expect(line['call'] ?? line['request'], line.msg).toEqual(expect.any(String));
  }
});
