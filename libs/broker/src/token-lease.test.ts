import { expect, test } from 'vitest';
import type { TokenGrant } from './rate-limit.ts';
import { TokenLease } from './token-lease.ts';

/** A shared limit that gives what it has, and what was wanted of it. */
function shared(tokens: number, limit = 640, windowMs = 60_000) {
  const wishes: number[] = [];
  const time = { now: 1_000 };
  const left = { tokens };
  const borrow = async (wanted: number): Promise<TokenGrant> => {
    wishes.push(wanted);
    const granted = Math.min(wanted, left.tokens);
    left.tokens -= granted;
    return { granted, remaining: left.tokens, resetMs: 500, retryAfterMs: granted < wanted ? 200 : 0 };
  };
  const rule = { algorithm: 'sliding-window', limit, windowMs } as const;
  const lease = new TokenLease({ rule, borrow, clock: { now: () => time.now } });
  return { lease, wishes, time, left };
}

const take = async (lease: TokenLease, times: number) => {
  const allowed: boolean[] = [];
  for (let n = 0; n < times; n += 1) allowed.push((await lease.take()).allowed);
  return allowed;
};

test('a busy client costs few round trips: blocks double up to a part of the limit', async () => {
  const { lease, wishes } = shared(640);
  expect(await take(lease, 55)).not.toContain(false);
  expect(wishes).toEqual([1, 2, 4, 8, 16, 20, 20]);
});

test('what is there is used without waiting', async () => {
  const { lease } = shared(640);
  await take(lease, 2);
  expect(lease.take()).toMatchObject({ allowed: true, remaining: 637 });
});

test('rare calls take one token each, so that none is lost', async () => {
  const { lease, wishes, time } = shared(640);
  for (let n = 0; n < 4; n += 1) {
    await take(lease, 1);
    time.now += 2_000;
  }
  expect(wishes).toEqual([1, 1, 1, 1]);
});

test('a small limit is exact: its tokens are never taken ahead', async () => {
  const { lease, wishes } = shared(3, 3);
  expect(await take(lease, 5)).toEqual([true, true, true, false, false]);
  expect(wishes).toEqual([1, 1, 1, 1]);
});

test('after a refusal nobody asks again before there can be a token', async () => {
  const { lease, wishes, time, left } = shared(0);
  expect(await lease.take()).toEqual({ allowed: false, remaining: 0, resetMs: 500, retryAfterMs: 200 });
  time.now += 150;
  expect(lease.take()).toMatchObject({ allowed: false, retryAfterMs: 50 });
  left.tokens = 1;
  time.now += 50;
  expect(await lease.take()).toMatchObject({ allowed: true });
  expect(wishes).toHaveLength(2);
});

test('calls that come at once are asked for together, and refused when there is too little for all', async () => {
  const { lease, wishes } = shared(4, 4);
  const standings = await Promise.all(Array.from({ length: 6 }, () => lease.take()));
  expect(standings.map(({ allowed }) => allowed)).toEqual([true, true, true, true, false, false]);
  expect(wishes).toEqual([1, 5]);
});

test('tokens that were not used in time are not used later', async () => {
  const { lease, wishes, time } = shared(640);
  await take(lease, 4);
  time.now += 1_000;
  expect(lease.take()).toBeInstanceOf(Promise);
  expect(wishes).toEqual([1, 2, 4, 1]);
});

test('the token of a call that was not made serves the next one', async () => {
  const { lease, wishes } = shared(1, 1);
  await lease.take();
  lease.giveBack();
  expect(lease.take()).toMatchObject({ allowed: true });
  expect(wishes).toEqual([1]);
});

test('when tokens cannot be borrowed all who wait hear of it, and the next call tries again', async () => {
  const rule = { algorithm: 'token-bucket', limit: 10, windowMs: 1_000 } as const;
  let failures = 0;
  const borrow = async () => {
    failures += 1;
    throw new Error(`failure ${failures}`);
  };
  const lease = new TokenLease({ rule, borrow, clock: { now: () => 0 } });
  const both = await Promise.allSettled([lease.take(), lease.take()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(lease.take()).rejects.toThrow('failure 2');
});
