import { createLogger } from '@millrace/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalRedis, startPrivateRedis } from './local-redis.ts';
import { examineRedis } from './redis-examination.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
let redis: LocalRedis;

beforeAll(async () => {
  redis = await startPrivateRedis({ args: ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'] });
});
afterAll(() => redis.stop());

test('it tells version, memory, policy and distance', async () => {
  const findings = await examineRedis({ url: redis.url, logger });
  expect(findings.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(findings).toMatchObject({ maxmemoryPolicy: 'allkeys-lru', maxMemory: 64 * 1024 * 1024 });
  expect(findings.usedMemory).toBeGreaterThan(0);
  expect(findings.roundTripMs).toBeGreaterThan(0);
});

test('it sees a clock that is off', async () => {
  const slow = () => Date.now() - 5_000;
  const { clockAheadMs } = await examineRedis({ url: redis.url, logger }, slow);
  expect(clockAheadMs).toBeGreaterThan(4_000);
});
