import { createLogger } from '@millrace/service';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkRedis, REDIS_SETTINGS, redisSourceOf } from './redis-settings.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const schema = z.object(REDIS_SETTINGS).superRefine(checkRedis);
const redisUrl = 'redis://127.0.0.1:6379';

test('the URL alone is one server', () => {
  expect(redisSourceOf(schema.parse({ redisUrl }), logger)).toEqual({ url: redisUrl, logger });
});

test('Sentinels and nodes are host and port; each kind has its own usual port', () => {
  const watched = redisSourceOf({ redisUrl, redisSentinels: ['a', 'b:1', '[::1]:2'] }, logger);
  expect(watched.sentinels).toEqual({
    addresses: [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 1 },
      { host: '::1', port: 2 },
    ],
    master: 'mymaster',
  });
  const cluster = redisSourceOf({ redisUrl, redisClusterNodes: ['n-0'], redisCa: 'PEM' }, logger);
  expect(cluster).toMatchObject({ clusterNodes: [{ host: 'n-0', port: 6_379 }], ca: 'PEM' });
});

test.each([
  ['redisSentinels', ['http://a:1'], /host or host:port/],
  ['redisClusterNodes', ['a:b'], /host or host:port/],
  ['redisUrl', 'http://127.0.0.1', /URL/],
  ['redisMasterName', '', /Too small/],
])('%s: %j is refused', (field, value, message) => {
  const parsed = schema.safeParse({ redisUrl, [field]: value });
  expect(parsed.error?.issues).toMatchObject([{ path: expect.arrayContaining([field]) }]);
  expect(parsed.error?.message).toMatch(message);
});

test('Sentinels and a cluster contradict each other: both are named', () => {
  const parsed = schema.safeParse({ redisUrl, redisSentinels: ['a'], redisClusterNodes: ['b'] });
  expect(parsed.error?.issues).toMatchObject([
    { path: ['redisClusterNodes'], message: expect.stringContaining('redisSentinels') },
  ]);
});
