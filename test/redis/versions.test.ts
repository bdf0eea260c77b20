import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { RedisCluster } from './redis-cluster.ts';
import { FETCH_TIMEOUT_MS, OTHER_SERVERS, redisProgram } from './redis-programs.ts';
import { RedisServer } from './redis-server.ts';
import { WHOLE_PATH, wholePath } from './whole-path.ts';

const TIMEOUT_MS = FETCH_TIMEOUT_MS + 60_000;

test.for(OTHER_SERVERS)('everything works on %s', { timeout: TIMEOUT_MS }, async (name, { skip }) => {
  const program = redisProgram(name) ?? skip(`${name} cannot be had here`);
  const server = await RedisServer.start({ program });
  onTestFinished(() => server.stop());
  const cluster = await startCluster({ ...WHOLE_PATH, redisUrl: server.url });
  await wholePath(cluster, 'other');
  await cluster.stop();
});

test.for(OTHER_SERVERS)('and on a cluster of %s', { timeout: TIMEOUT_MS }, async (name, { skip }) => {
  const program = redisProgram(name) ?? skip(`${name} cannot be had here`);
  const redis = await RedisCluster.start(program);
  onTestFinished(() => redis.stop());
  const env = { MILLRACE_REDIS_CLUSTER_NODES: redis.addresses };
  const cluster = await startCluster({ ...WHOLE_PATH, redisUrl: redis.url, env });
  await wholePath(cluster, 'others');
  expect([...(await redis.keys(`${cluster.prefix}:reply:*`)).keys()]).toEqual([]);
  await cluster.stop();
});
