import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { mayStay } from '../support/leftovers.ts';
import { Callers } from './callers.ts';
import { RedisCluster } from './redis-cluster.ts';
import { WHOLE_PATH, wholePath } from './whole-path.ts';

const TIMEOUT_MS = 60_000;
const redis = await RedisCluster.start();
const cluster = await startCluster({
  ...WHOLE_PATH,
  redisUrl: redis.url,
  env: { MILLRACE_REDIS_CLUSTER_NODES: redis.addresses },
});
afterAll(async () => {
  await cluster.stop();
  await redis.stop();
});

/** Slots of all that is used together: the fleet, one pool, the cache, flights. */
const TAGS = ['{@fleet}', '{default}', '{@cache}', '{@flights}'];
const ROUNDS = 3;

test(
  'on a Redis Cluster of three masters everything works',
  () => wholePath(cluster, 'at-first'),
  TIMEOUT_MS,
);

test('answers go through the node to which their front door listens: none has to be stored', async () => {
  expect([...(await redis.keys(`${cluster.prefix}:reply:*`)).keys()]).toEqual([]);
});

test(
  'while slots move from node to node under load, no call is lost',
  async () => {
    const callers = new Callers(cluster, 4);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const tag of TAGS) {
        await redis.move(tag);
        await callers.makes(10);
      }
    }
    const { failures, calls } = await callers.stop();
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(ROUNDS * TAGS.length * 10);
    await wholePath(cluster, 'after-moving');
  },
  TIMEOUT_MS,
);

test('no key is left on any node that nothing will ever remove', async () => {
  const keys = await redis.keys(`${cluster.prefix}:*`);
  const endless = [...keys]
    .filter(([, ttl]) => ttl === -1)
    .map(([key]) => key.slice(cluster.prefix.length + 1));
  expect(endless.filter((key) => !mayStay(key))).toEqual([]);
});
