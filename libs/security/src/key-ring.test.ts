import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AccessPolicy } from './access-policy.ts';
import { createApiKey, endApiKey } from './api-key.ts';
import { NO_AUTHORIZATION } from './authorization.ts';
import { KeyRing } from './key-ring.ts';
import { CLUSTER_KEYS, MemoryRecords, SILENT, TestClock } from './testing/keys.ts';

const policy = new AccessPolicy(NO_AUTHORIZATION);
let records: MemoryRecords;
let clock: TestClock;
let ring: KeyRing;

beforeEach(async () => {
  vi.useFakeTimers();
  records = new MemoryRecords();
  clock = new TestClock();
  ring = new KeyRing({ records, policy, keys: CLUSTER_KEYS, clock, logger: SILENT });
  await ring.start();
});
afterEach(async () => {
  await ring.stop();
  vi.useRealTimers();
});

function make(overrides: object = {}) {
  const made = createApiKey(
    { name: 'a', tenant: 't', roles: ['execute:tools'], ...overrides },
    CLUSTER_KEYS,
    0,
  );
  records.put(made.record.id, made.record);
  return made;
}

/** Half a second goes by, after which the ring looks again. */
async function pass(ms = 500): Promise<void> {
  clock.time += ms;
  await vi.advanceTimersByTimeAsync(ms);
}

test('a key that is known costs no read', async () => {
  const { key } = make();
  await pass();
  const caller = await ring.authenticate(key);
  expect(caller.principal).toMatchObject({ tenant: 't', roles: ['execute:tools'] });
  const { reads } = records;
  expect(ring.authenticate(key)).toBe(caller);
  await pass();
  expect(ring.authenticate(key)).toBe(caller);
  expect(records.reads).toBe(reads);
});

test('requests at the same time hold one key, so that a revocation reaches all of them', async () => {
  const { key, record } = make();
  const callers = await Promise.all([ring.authenticate(key), ring.authenticate(key), ring.authenticate(key)]);
  expect(new Set(callers).size).toBe(1);
  records.remove(record.id);
  await pass();
  expect(callers.map((caller) => caller.valid())).toEqual([false, false, false]);
});

test('a revoked key does not count after the next look', async () => {
  const { key, record } = make();
  await ring.authenticate(key);
  records.remove(record.id);
  await pass();
  await expect(ring.authenticate(key)).rejects.toMatchObject({ kind: 'unauthenticated' });
});

test('a key that was given an end keeps it', async () => {
  const { key, record } = make();
  const caller = await ring.authenticate(key);
  records.put(record.id, endApiKey(record, clock.time + 1_000, CLUSTER_KEYS));
  await pass();
  expect(caller.valid()).toBe(true);
  await pass();
  expect(caller.valid()).toBe(false);
  expect(() => ring.authenticate(key)).toThrow('has expired');
});

test('a record that is not signed, or stands under another id, does not count', async () => {
  const { key, record } = make();
  records.put(record.id, { ...record, roles: ['admin:access'] });
  await expect(ring.authenticate(key)).rejects.toMatchObject({ kind: 'unauthenticated' });
  const other = make();
  records.put(record.id, other.record);
  await expect(ring.authenticate(key)).rejects.toMatchObject({ kind: 'unauthenticated' });
});

test('keys that cannot be looked after stop to count, and count again after that', async () => {
  const { key } = make();
  await ring.authenticate(key);
  records.away = true;
  await pass(1_000);
  expect(await ring.authenticate(key)).toBeDefined();
  await pass(1_000);
  await expect(ring.authenticate(key)).rejects.toThrow('away');
  records.away = false;
  expect(await ring.authenticate(key)).toBeDefined();
});

test('a revocation during an outage counts once it is over', async () => {
  const { key, record } = make();
  const caller = await ring.authenticate(key);
  records.away = true;
  records.remove(record.id);
  await pass(2_000);
  records.away = false;
  await expect(ring.authenticate(key)).rejects.toMatchObject({ kind: 'unauthenticated' });
  expect(caller.valid()).toBe(false);
});

test('the last use is noted once a minute', async () => {
  const { key, record } = make();
  await ring.authenticate(key);
  await ring.authenticate(key);
  expect(records.noted).toEqual([record.id]);
  await pass(60_000);
  await ring.authenticate(key);
  expect(records.noted).toEqual([record.id, record.id]);
});
