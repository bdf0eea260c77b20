import { expect, test } from 'vitest';
import { LoadExchange, type LoadReport } from './load-exchange.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();

const exchangeOf = (pool = 'default') => new LoadExchange(redis.redis, redis.keys, pool);

const report = (calls: number, overrides: Partial<LoadReport> = {}): LoadReport => ({
  calls,
  least: calls - 1,
  done: 10,
  waiting: false,
  tenant: 'acme',
  ...overrides,
});

/** Reports in one slice of time, whenever that begins, and looks from the next one. */
async function told(doors: readonly [LoadExchange, LoadReport][]) {
  const slices = await Promise.all(doors.map(([door, its]) => door.exchange(its)));
  const latest = Math.max(...slices.map(({ slice }) => slice));
  const seen = (): Promise<{ slice: number }[]> =>
    Promise.all(doors.map(([door]) => door.exchange(report(0, { tenant: '' }))));
  return expect
    .poll(seen, { interval: 20 })
    .toSatisfy((all: { slice: number }[]) => all.every(({ slice }) => slice > latest));
}

test('a front door sees how many calls the others have, and what all of them did', async () => {
  const [one, other] = [exchangeOf(), exchangeOf()];
  // Should the slice end between the two reports, another try does better.
  await expect
    .poll(
      async () => {
        await told([
          [one, report(5)],
          [other, report(7, { waiting: true })],
        ]);
        return one.exchange(report(0, { tenant: '' }));
      },
      { timeout: 8_000 },
    )
    .toMatchObject({ others: 7, least: 10, done: 20, waitingDoors: 1, severalTenants: false });
});

test('calls of two tenants at two front doors are calls of several', async () => {
  const [one, other] = [exchangeOf(), exchangeOf()];
  await expect
    .poll(
      async () => {
        await told([
          [one, report(5)],
          [other, report(7, { tenant: 'zenith' })],
        ]);
        return (await one.exchange(report(0, { tenant: '' }))).severalTenants;
      },
      { timeout: 8_000 },
    )
    .toBe(true);
});

test('a front door counts once in each slice, however often it asks', async () => {
  const one = exchangeOf();
  const reported: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const answer = await one.exchange(report(5));
    if (answer.reported) reported.push(answer.slice);
  }
  expect(reported).toEqual([...new Set(reported)]);
  const load = await redis.redis.hgetall(redis.keys.poolLoad('default'));
  for (const slice of reported) expect(load[`${slice + 1}:calls`]).toBe('5');
});

test('what was told expires, and does not grow', async () => {
  const one = exchangeOf();
  await one.exchange(report(5));
  expect(await redis.redis.pttl(redis.keys.poolLoad('default'))).toBeGreaterThan(0);
  await told([[one, report(5)]]);
  await told([[one, report(5)]]);
  expect(await redis.redis.hlen(redis.keys.poolLoad('default'))).toBeLessThanOrEqual(10);
});
