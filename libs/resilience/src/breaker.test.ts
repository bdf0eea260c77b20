import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Breaker, type BreakerFleet, BreakerOpenError, type Verdict } from './breaker.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const LIMITS = { failures: 3, recoveryMs: 60_000, successes: 2 };

/** A fleet that says what the test wants, and notes what it is told. */
function aFleet(overrides: Partial<BreakerFleet> = {}) {
  const told: string[] = [];
  const note = (what: string) => async () => void told.push(what);
  const fleet = {
    closed: true,
    suspected: false,
    failed: async () => {
      told.push('failed');
      return true;
    },
    succeeded: note('succeeded'),
    tripped: note('tripped'),
    askProbe: async () => ({ kind: 'refused' as const, waitMs: 5 }),
    ...overrides,
  };
  return { fleet, told };
}

/** A fleet that cannot be told anything. */
const unreachable = () => aFleet({ failed: async () => false });

function aBreaker(fleet: BreakerFleet) {
  const breaker = new Breaker({ name: 'mail', limits: LIMITS, fleet });
  const attempts: Verdict[] = [];
  const attempt = (verdict: Verdict) =>
    breaker.run(async () => {
      attempts.push(verdict);
      return { verdict };
    });
  return { breaker, attempt, attempts };
}

test('what is tried comes back, good or bad, and the fleet hears of failures alone', async () => {
  const { fleet, told } = aFleet();
  const { attempt } = aBreaker(fleet);
  expect(await attempt('good')).toEqual({ verdict: 'good' });
  expect(await attempt('bad')).toEqual({ verdict: 'bad' });
  expect(await attempt('neither')).toEqual({ verdict: 'neither' });
  expect(told).toEqual(['failed']);
});

test('a good try forgives failures that were counted, here or elsewhere', async () => {
  const { fleet, told } = aFleet();
  const { attempt } = aBreaker(fleet);
  await attempt('bad');
  fleet.suspected = true;
  await attempt('good');
  fleet.suspected = false;
  await attempt('good');
  expect(told).toEqual(['failed', 'succeeded']);
});

test('where the fleet counts, failures in a row of one process open nothing by themselves', async () => {
  const { fleet, told } = aFleet();
  const { attempt } = aBreaker(fleet);
  for (let n = 0; n < 5; n += 1) await attempt('bad');
  expect(told).not.toContain('tripped');
});

test('where it cannot, so many in a row open it, whatever the caller did wrong between them', async () => {
  const { fleet, told } = unreachable();
  const { attempt, attempts } = aBreaker(fleet);
  for (const verdict of ['bad', 'bad', 'neither', 'bad'] as const) await attempt(verdict);
  expect(told).toEqual(['tripped']);
  const refused = await attempt('good').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(BreakerOpenError);
  expect(refused).toMatchObject({ waitMs: 60_000 });
  expect(attempts).toHaveLength(4);
});

test('failures that are not in a row do not open it', async () => {
  const { fleet, told } = unreachable();
  const { attempt } = aBreaker(fleet);
  for (const verdict of ['bad', 'bad', 'good', 'bad', 'bad'] as const) await attempt(verdict);
  expect(told).not.toContain('tripped');
});

test('when most of a good number of tries fail, it opens without a row of failures', async () => {
  const { fleet, told } = aFleet();
  const { attempt } = aBreaker(fleet);
  for (let n = 0; n < 4; n += 1)
    for (const verdict of ['bad', 'good', 'bad'] as const) await attempt(verdict);
  expect(told).toContain('tripped');
});

test('where the fleet was never told, it lets one try through after its time, and closes when that is good', async () => {
  const { fleet } = unreachable();
  const { attempt } = aBreaker(fleet);
  for (let n = 0; n < 3; n += 1) await attempt('bad');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await attempt('good')).toEqual({ verdict: 'good' });
  expect(await attempt('bad')).toEqual({ verdict: 'bad' });
});

test('while the fleet says open, nothing is tried without its leave', async () => {
  const { fleet } = aFleet({ closed: false });
  const { attempt, attempts } = aBreaker(fleet);
  await expect(attempt('good')).rejects.toMatchObject({ waitMs: 5 });
  expect(attempts).toEqual([]);
});

test('a probe tells the fleet how it went', async () => {
  const ends: Verdict[] = [];
  const end = async (verdict: Verdict) => void ends.push(verdict);
  const { fleet } = aFleet({ closed: false, askProbe: async () => ({ kind: 'granted', end }) });
  const { attempt } = aBreaker(fleet);
  for (const verdict of ['good', 'bad', 'neither'] as const)
    expect(await attempt(verdict)).toEqual({ verdict });
  expect(ends).toEqual(['good', 'bad', 'neither']);
});

test('who learns by asking that it was closed meanwhile, goes on as ever', async () => {
  const { fleet } = unreachable();
  const { attempt, breaker } = aBreaker(fleet);
  for (let n = 0; n < 3; n += 1) await attempt('bad');
  fleet.closed = false;
  fleet.askProbe = async () => {
    fleet.closed = true;
    return { kind: 'closed' } as never;
  };
  expect(await attempt('good')).toEqual({ verdict: 'good' });
  breaker.dispose();
});

test('it leaves no timer behind', async () => {
  const { attempt, breaker } = aBreaker(unreachable().fleet);
  for (let n = 0; n < 3; n += 1) await attempt('bad');
  breaker.dispose();
  expect(vi.getTimerCount()).toBe(0);
});
