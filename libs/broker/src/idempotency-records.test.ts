import { expect, test } from 'vitest';
import type { FlightAddress } from './flights.ts';
import { type Beginning, IdempotencyRecords, type Outcome } from './idempotency-records.ts';
import { useTestRedis } from './testing/test-redis.ts';

const context = useTestRedis();
const RESULT: Outcome = { kind: 'result', era: 'modern', payload: '{"content":[]}' };

function records(now = Date.now()): IdempotencyRecords {
  return new IdempotencyRecords(context.redis, context.keys, () => now);
}

function address(n: number): FlightAddress {
  return { id: `f-a.flight-${n}`, to: { frontDoor: 'f-a', version: 2 } };
}

function beginning(owner: number, overrides: Partial<Beginning> = {}, digest = 'd'): Beginning {
  const claim = { record: 'r', digest, owner: String(owner), ttlMs: 60_000 };
  return { claim, deadline: Date.now() + 5_000, idempotent: false, address: address(owner), ...overrides };
}

test('the first one makes the call, and its outcome is that of all later ones', async () => {
  const first = beginning(1);
  expect(await records().begin(first)).toEqual({ kind: 'mine' });
  expect(await records().end(first.claim, RESULT)).toEqual({ waiting: [] });
  expect(await records().begin(beginning(2))).toEqual({ kind: 'done', outcome: RESULT });
});

test('the same key with other arguments is a conflict, before and after the end', async () => {
  const first = beginning(1);
  await records().begin(first);
  expect(await records().begin(beginning(2, {}, 'other'))).toEqual({ kind: 'conflict' });
  await records().end(first.claim, RESULT);
  expect(await records().begin(beginning(2, {}, 'other'))).toEqual({ kind: 'conflict' });
});

test('who comes while it runs is told when it ends, each once', async () => {
  const first = beginning(1);
  await records().begin(first);
  for (const n of [2, 3, 2]) expect(await records().begin(beginning(n))).toEqual({ kind: 'running' });
  expect(await records().end(first.claim, RESULT)).toEqual({ waiting: [address(2), address(3)] });
});

test('the first outcome stands', async () => {
  const first = beginning(1);
  await records().begin(first);
  await records().end(first.claim, RESULT);
  const late = await records().end(first.claim, { ...RESULT, kind: 'error', payload: '{}' });
  expect(late).toEqual({ earlier: { kind: 'result', payload: RESULT.payload }, waiting: [] });
});

test('a call that came to nothing is forgotten, and who waits is told', async () => {
  const first = beginning(1);
  await records().begin(first);
  await records().begin(beginning(2));
  expect(await records().release(first.claim)).toEqual([address(2)]);
  expect(await records().begin(beginning(2))).toEqual({ kind: 'mine' });
});

test('nobody releases what another has begun, or what has ended', async () => {
  const first = beginning(1);
  await records().begin(first);
  expect(await records().release(beginning(2).claim)).toEqual([]);
  expect(await records().begin(beginning(3))).toEqual({ kind: 'running' });
  await records().end(first.claim, RESULT);
  expect(await records().release(first.claim)).toEqual([]);
  expect(await records().begin(beginning(4))).toMatchObject({ kind: 'done' });
});

test('one that ought to have ended is begun anew only where a second run does no harm', async () => {
  await records().begin(beginning(1));
  const later = records(Date.now() + 10_000);
  const deadline = Date.now() + 20_000;
  expect(await later.begin(beginning(2, { deadline }))).toEqual({ kind: 'lost' });
  expect(await later.begin(beginning(2, { deadline, idempotent: true }))).toEqual({ kind: 'mine' });
});

test('a record outlives the deadline of its call, also with a short time to live', async () => {
  const claim = { record: 'r', digest: 'd', owner: '1', ttlMs: 1 };
  await records().begin(beginning(1, { claim }));
  expect(await context.redis.pttl(context.keys.idempotency('r'))).toBeGreaterThan(60_000);
});

test('an outcome is kept for its time, also when Redis has lost the beginning', async () => {
  const first = beginning(1);
  await records().begin(first);
  await context.redis.del(context.keys.idempotency('r'));
  await records().end(first.claim, RESULT);
  expect(await records().begin(beginning(2))).toEqual({ kind: 'done', outcome: RESULT });
  expect(await records().begin(beginning(2, {}, 'other'))).toEqual({ kind: 'conflict' });
  const ttl = await context.redis.pttl(context.keys.idempotency('r'));
  expect([ttl > 55_000, ttl <= 60_000]).toEqual([true, true]);
});
