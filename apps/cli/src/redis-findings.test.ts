import { expect, test } from 'vitest';
import { redisFindings } from './redis-findings.ts';

const HEALTHY = {
  server: 'redis',
  version: '7.0.15',
  maxmemoryPolicy: 'noeviction',
  usedMemory: 1_000_000,
  maxMemory: 0,
  roundTripMs: 0.3,
  clockAheadMs: 2,
} as const;

test('of a healthy Redis nothing is wrong', () => {
  expect(redisFindings(HEALTHY).map(({ level }) => level)).toEqual(Array(5).fill('good'));
  expect(redisFindings({ ...HEALTHY, server: 'valkey', version: '8.1.0' })[0]).toEqual({
    level: 'good',
    what: 'Valkey 8.1.0',
  });
});

test.each([
  [{ version: '5.0.7' }, 'wrong', 'Redis 5.0.7', 'use Redis 6.2 or newer'],
  [{ version: '6.0.16' }, 'wrong', 'Redis 6.0.16', 'use Redis 6.2 or newer'],
  [
    { maxmemoryPolicy: 'allkeys-lru' },
    'doubtful',
    'maxmemory-policy allkeys-lru',
    'set maxmemory-policy noeviction',
  ],
  [
    { maxmemoryPolicy: 'allkeys-lru', maxMemory: 9e9 },
    'wrong',
    'maxmemory-policy allkeys-lru',
    'drops queued calls',
  ],
  [{ usedMemory: 90_000_000, maxMemory: 100_000_000 }, 'wrong', '86 MB used of 95 MB', 'raise maxmemory'],
  [{ roundTripMs: 9 }, 'doubtful', '9.00 ms to Redis', 'same zone'],
  [{ roundTripMs: 90 }, 'wrong', '90.00 ms to Redis', 'same zone'],
  [{ clockAheadMs: 4_000 }, 'wrong', 'the clock is 4000 ms behind', 'NTP'],
  [{ clockAheadMs: -4_000 }, 'wrong', 'the clock is 4000 ms ahead of', 'NTP'],
])('%j is %s', (change, level, what, advice) => {
  const bad = redisFindings({ ...HEALTHY, ...change }).filter((finding) => finding.level !== 'good');
  expect(bad).toEqual([
    { level, what: expect.stringContaining(what), advice: expect.stringContaining(advice) },
  ]);
});
