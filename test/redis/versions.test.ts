import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { RedisCluster } from './redis-cluster.ts';
import { FETCH_TIMEOUT_MS, OTHER_SERVERS, redisProgram } from './redis-programs.ts';
import { RedisServer } from './redis-server.ts';
import { WHOLE_PATH, wholePath } from './whole-path.ts';

const TIMEOUT_MS = FETCH_TIMEOUT_MS + 60_000;

test.each(OTHER_SERVERS)(
  'everything works on %s',
  async (name) => {
    const server = await RedisServer.start({ program: redisProgram(name) });
    onTestFinished(() => server.stop());
    const cluster = await startCluster({ ...WHOLE_PATH, redisUrl: server.url });
    await wholePath(cluster, 'other');
    await cluster.stop();
  },
  TIMEOUT_MS,
);

test.each(OTHER_SERVERS)(
  'and on a cluster of %s',
  async (name) => {
    const redis = await RedisCluster.start(redisProgram(name));
    onTestFinished(() => redis.stop());
    const env = { MILLRACE_REDIS_CLUSTER_NODES: redis.addresses };
    const cluster = await startCluster({ ...WHOLE_PATH, redisUrl: redis.url, env });
    await wholePath(cluster, 'others');
    expect([...(await redis.keys(`${cluster.prefix}:reply:*`)).keys()]).toEqual([]);
    await cluster.stop();
  },
  TIMEOUT_MS,
);
