import { createLogger, systemClock } from '@millrace/service';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import type { Dispatch } from './dispatch.ts';
import { LoadReports } from './load-reports.ts';
import { PoolGate } from './pool-gate.ts';
import { connectFailFast } from './redis.ts';
import { aCall, aResult } from './testing/calls.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();
const PATIENCE = { timeout: 5_000, interval: 50 };
const WAITS = { pool: 'default', idempotent: true, bytes: 1, listener: () => undefined };

/** A front door with one gate before two slots; its calls take 100 ms. */
async function aFrontDoor(connection: Redis = redis.redis) {
  const gate = new PoolGate({
    slots: () => 2,
    canSend: () => true,
    send: () => undefined,
    refuse: () => undefined,
    clock: systemClock,
  });
  const enter = (count: number): Dispatch[] => {
    const calls = Array.from({ length: count }, (_, n) => ({ ...WAITS, call: aCall(`${n}`) }));
    for (const call of calls) gate.enter(call);
    return calls;
  };
  for (const call of enter(1)) gate.leave(call, aResult(call.call.id, '{}', 100));
  const logger = createLogger({ name: 'test', level: 'silent' });
  const options = { redis: connection, keys: redis.keys, clock: systemClock, logger };
  const reports = new LoadReports({ ...options, gates: () => [['default', gate] as const] });
  await reports.start();
  onTestFinished(() => reports.stop());
  return { gate, enter, wait: () => gate.waitMs('default', 'normal') };
}

test('a front door that has a call in a pool sees within a second what others have there', async () => {
  const busy = await aFrontDoor();
  const other = await aFrontDoor();
  busy.enter(3);
  other.enter(1);
  expect(other.wait()).toBe(0);
  // Four calls before two slots: three answers of 50 ms each until it is the turn of the next.
  await expect.poll(other.wait, PATIENCE).toBeCloseTo(150);
});

test('what it saw is forgotten when it has had nothing to do for a while, or the others are done', async () => {
  const busy = await aFrontDoor();
  const other = await aFrontDoor();
  busy.enter(3);
  const [own] = other.enter(1);
  await expect.poll(other.wait, PATIENCE).toBeGreaterThan(0);
  if (own) other.gate.leave(own);
  await expect.poll(other.wait, PATIENCE).toBe(0);
});

test('without Redis it goes by what it does itself', async () => {
  const away = connectFailFast({ url: 'redis://127.0.0.1:1', logger: redis.source.logger }, 'away');
  onTestFinished(() => away.disconnect());
  const alone = await aFrontDoor(away);
  alone.enter(3);
  expect(alone.gate.report().done).toBe(1);
  await expect.poll(() => alone.gate.report().done, PATIENCE).toBe(0);
  expect(alone.wait()).toBeCloseTo(100);
});
