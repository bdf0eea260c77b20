import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { useTestRedis } from '../../broker/src/testing/test-redis.ts';
import type { AggregateName, EventLog } from './event-log.ts';
import { MemoryEventLog } from './memory-event-log.ts';
import { PostgresEventLog } from './postgres-event-log.ts';
import { RedisEventLog } from './redis-event-log.ts';
import { DATABASES, useTestDatabase } from './testing/test-database.ts';

const some = (...names: string[]) => names.map((type) => ({ type, data: JSON.stringify({ type }) }));

/** The one suite that each log passes. */
function keepsEvents(make: () => EventLog): void {
  let log: EventLog;
  let name: AggregateName;
  const typesAfter = async (after: number, limit = 100) =>
    (await log.read(name, after, limit)).map(({ version, type }) => `${version} ${type}`);

  beforeEach(() => {
    log = make();
    name = { tenant: 'acme', aggregate: `user/${randomUUID()}` };
  });

  it('numbers events from 1 on, and gives them back as they were', async () => {
    const data = '{"text":"ü: \\u0000 \\"quoted\\"","n":12345678901234567890}';
    expect(await log.append(name, 0, [{ type: 'made', data }])).toBe(1);
    expect(await log.append(name, 1, some('a', 'b'))).toBe(3);
    const [first, ...others] = await log.read(name, 0, 10);
    expect(first).toEqual({ version: 1, type: 'made', data, at: expect.any(Number) });
    expect(Math.abs((first?.at ?? 0) - Date.now())).toBeLessThan(10_000);
    expect(others.map(({ version, type }) => [version, type])).toEqual([
      [2, 'a'],
      [3, 'b'],
    ]);
  });

  it('is read from any version on, as much as is wanted', async () => {
    await log.append(name, 0, some('a', 'b', 'c', 'd'));
    expect(await typesAfter(2)).toEqual(['3 c', '4 d']);
    expect(await typesAfter(1, 2)).toEqual(['2 b', '3 c']);
    expect(await typesAfter(4)).toEqual([]);
    expect(await typesAfter(99)).toEqual([]);
  });

  it('has nothing of what never happened', async () => {
    expect(await typesAfter(0)).toEqual([]);
    expect(await log.loadSnapshot(name)).toBeUndefined();
  });

  it.each([0, 1, 3, 100])(
    'refuses events of who expects version %s and not 2, all of them',
    async (expected) => {
      await log.append(name, 0, some('a', 'b'));
      await expect(log.append(name, expected, some('c', 'd'))).rejects.toMatchObject({
        reason: 'conflict',
        retryable: false,
        message: `${name.aggregate} is not of version ${expected} any more, but of version 2: read it again`,
        details: { aggregate: name.aggregate, expected, actual: 2 },
      });
      expect(await typesAfter(0)).toEqual(['1 a', '2 b']);
    },
  );

  it('takes the events of one of many writers that expect the same version', async () => {
    const writers = Array.from({ length: 8 }, (_, n) => log.append(name, 0, some(`${n}`, `${n}`)));
    const ends = await Promise.allSettled(writers);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) {
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ reason: 'conflict' });
    }
    expect(await typesAfter(0)).toHaveLength(2);
  });

  it('keeps tenants and aggregates apart', async () => {
    await log.append(name, 0, some('a'));
    for (const other of [
      { ...name, tenant: 'other' },
      { ...name, aggregate: `${name.aggregate}:x` },
    ]) {
      expect(await log.read(other, 0, 10)).toEqual([]);
      expect(await log.append(other, 0, some('b'))).toBe(1);
    }
    expect(await typesAfter(0)).toEqual(['1 a']);
  });

  it('keeps the last snapshot', async () => {
    await log.saveSnapshot(name, { version: 10, reducer: 1, state: '{"n":1}' });
    await log.saveSnapshot(name, { version: 20, reducer: 2, state: '{"n":2}' });
    expect(await log.loadSnapshot(name)).toEqual({ version: 20, reducer: 2, state: '{"n":2}' });
    expect(await log.loadSnapshot({ ...name, tenant: 'other' })).toBeUndefined();
  });
}

const test = useTestRedis();

describe('events in memory', () => keepsEvents(() => new MemoryEventLog()));

const onRedis = () =>
  new RedisEventLog({ redis: test.redis, events: test.keys.aggregates, snapshots: test.keys.snapshots });

describe('events in Redis', () => keepsEvents(onRedis));

describe.each(DATABASES)('events in Postgres (%s)', (kind) => {
  const database = useTestDatabase(kind);
  keepsEvents(() => new PostgresEventLog(database()));

  it('takes what is SQL for what it is', async () => {
    const log = new PostgresEventLog(database());
    const name = { tenant: "'); DROP TABLE millrace_events; --", aggregate: "x' OR '1'='1" };
    await log.append(name, 0, some("a'b"));
    expect(await log.read(name, 0, 10)).toMatchObject([{ type: "a'b" }]);
  });
});

it('a log that is away rejects with an error that can be tried again, and chains its cause', async () => {
  const cause = new Error('connect ECONNREFUSED');
  const name = { tenant: 't', aggregate: 'a' };
  const redis = { call: () => Promise.reject(cause) };
  const logs: EventLog[] = [
    new RedisEventLog({ redis, events: 'e', snapshots: 's' }),
    new PostgresEventLog({ query: () => Promise.reject(cause) }),
  ];
  for (const log of logs) {
    for (const work of [
      log.append(name, 0, some('a')),
      log.read(name, 0, 1),
      log.saveSnapshot(name, { version: 1, reducer: 1, state: '1' }),
      log.loadSnapshot(name),
    ]) {
      await expect(work).rejects.toMatchObject({ reason: 'unavailable', retryable: true, cause });
    }
  }
});

const LONG = 20_000;
const AT_ONCE = 500;

/** A scaled-down form of the bench part `event_append_flatness`: what Redis does for an append does not grow. */
it('an append behind 20,000 events does as little as the first ones', async () => {
  const log = onRedis();
  const name = { tenant: 'acme', aggregate: 'long' };
  const perCall = async (from: number) => {
    await test.redis.call('CONFIG', 'RESETSTAT');
    for (let n = 0; n < 100; n += 1) await log.append(name, from + n, some('e'));
    const stats = String(await test.redis.call('INFO', 'commandstats'));
    return Number(/cmdstat_evalsha:.*?usec_per_call=([\d.]+)/.exec(stats)?.[1]);
  };
  const early = await perCall(0);
  const many = Array.from({ length: AT_ONCE }, () => some('e')).flat();
  let version = 100;
  while (version < LONG) version = await log.append(name, version, many);
  const late = await perCall(version);
  // What grew with the history would have grown two-hundredfold.
  expect(late).toBeLessThan(20 * early);
});
