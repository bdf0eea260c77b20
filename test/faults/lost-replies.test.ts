import { disconnect } from '@millrace/broker';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { NamedRedisProxy } from '../support/named-redis-proxy.ts';
import { RedisProxy } from '../support/redis-proxy.ts';
import { send, toolCall } from '../support/wire.ts';

/** The front door of this file reaches Redis by a way that the test cuts; its workers do not notice. */
const cluster = await startCluster({ frontDoors: 0 });
const redis = await connectRedis(cluster.redisUrl);
const proxy = await RedisProxy.start(cluster.redisUrl);
await cluster.startFrontDoor({ REDIS_URL: proxy.url });
await cluster.seesWorkers(1);
afterAll(async () => {
  await cluster.stop();
  await proxy.stop();
  disconnect(redis);
});

const storedReplies = () => redis.keys(`${cluster.prefix}:reply:*`);

test('an answer that nobody listened for is stored, and read when the front door is back', async () => {
  const call = send(cluster.url, toolCall('hold', { key: 'kept' }));
  await cluster.logged('started', { key: 'kept' });
  proxy.cut();
  cluster.release('kept');
  await expect.poll(storedReplies).toHaveLength(1);
  proxy.mend();
  expect((await call).message.result).toMatchObject({ content: [{ text: 'kept is done' }] });
  expect(await storedReplies()).toEqual([]);
});

test('a stored answer expires when nobody ever comes for it', async () => {
  const abandoned = new AbortController();
  const { headers, body } = toolCall('hold', { key: 'abandoned' });
  const request = { method: 'POST', headers, body: JSON.stringify(body), signal: abandoned.signal };
  const call = fetch(cluster.url, request).catch((error: Error) => error.name);
  await cluster.logged('started', { key: 'abandoned' });
  proxy.cut();
  abandoned.abort();
  expect(await call).toBe('AbortError');
  cluster.release('abandoned');
  await expect.poll(storedReplies).toHaveLength(1);
  const [key = ''] = await storedReplies();
  expect(await redis.pttl(key)).toBeGreaterThan(0);
  proxy.mend();
});

test('an answer that went into a dying connection is sent again', async () => {
  const named = await NamedRedisProxy.start(cluster.redisUrl);
  await cluster.startFrontDoor({ REDIS_URL: named.url });
  const url = cluster.urls.at(-1) ?? '';
  await cluster.seesWorkers(1);
  const call = send(url, toolCall('hold', { key: 'unheard' }));
  await cluster.logged('started', { key: 'unheard' });
  const before = await storedReplies();
  const lost = named.deafen('replies');
  cluster.release('unheard');
  await lost;
  // Redis counts the front door as one who hears.
  expect(await storedReplies()).toEqual(before);
  named.cut('replies');
  named.mend('replies');
  expect((await call).message.result).toMatchObject({ content: [{ text: 'unheard is done' }] });
  await named.stop();
});

test('the front door serves as before', async () => {
  await expect
    .poll(async () => (await send(cluster.url, toolCall('echo', { text: 'x' }))).message.result)
    .toMatchObject({ content: [{ text: 'x' }] });
});
