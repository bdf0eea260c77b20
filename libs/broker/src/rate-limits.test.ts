import { setTimeout as delay } from 'node:timers/promises';
import type { RateLimitRule } from '@millrace/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { RateLimits } from './rate-limits.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();

function limits(overrides: { url?: string; timeoutMs?: number; now?: () => number } = {}): RateLimits {
  const { url = redis.source.url, timeoutMs = 2_000, now = Date.now } = overrides;
  const source = { ...redis.source, url };
  const made = new RateLimits({ source, keys: redis.keys, timeoutMs, clock: { now } });
  onTestFinished(() => made.stop());
  return made;
}

const allowed = async (of: RateLimits, rule: RateLimitRule, times: number, name = 'x') => {
  let count = 0;
  for (let n = 0; n < times; n += 1) if ((await of.take(name, rule)).allowed) count += 1;
  return count;
};

const WINDOW: RateLimitRule = { algorithm: 'sliding-window', limit: 6, windowMs: 60_000 };
const BUCKET: RateLimitRule = { algorithm: 'token-bucket', limit: 6, windowMs: 60_000 };

test.each([WINDOW, BUCKET])(
  'two front doors share a $algorithm: together they get the limit',
  async (rule) => {
    const [one, other] = [limits(), limits()];
    expect(await allowed(one, rule, 4)).toBe(4);
    expect(await allowed(other, rule, 4)).toBe(2);
    expect(await allowed(one, rule, 4)).toBe(0);
  },
);

test.each([WINDOW, BUCKET])('limits of other names are others ($algorithm)', async (rule) => {
  const one = limits();
  expect(await allowed(one, rule, 7, 'a')).toBe(6);
  expect(await allowed(one, rule, 7, 'b')).toBe(6);
});

test('a large limit that is taken in blocks by several at once is never exceeded', async () => {
  const rule: RateLimitRule = { algorithm: 'sliding-window', limit: 300, windowMs: 60_000 };
  const doors = [limits(), limits(), limits()];
  const counts = await Promise.all(doors.map((door) => allowed(door, rule, 150)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  expect(total).toBeLessThanOrEqual(300);
  // Each may hold one block, a 32nd of the limit, that it has no more use for.
  expect(total).toBeGreaterThanOrEqual(300 - 3 * 9);
});

test('what is left, when it is back, and when to try again', async () => {
  const one = limits();
  expect(await one.take('x', WINDOW)).toMatchObject({ allowed: true, remaining: 5, retryAfterMs: 0 });
  await allowed(one, WINDOW, 5);
  const refused = await one.take('x', WINDOW);
  expect(refused).toMatchObject({ allowed: false, remaining: 0 });
  // A token comes back after one window, or up to a tenth later.
  expect(refused.retryAfterMs).toBeGreaterThan(59_000);
  expect(refused.retryAfterMs).toBeLessThanOrEqual(66_000);
  expect(refused.resetMs).toBeGreaterThanOrEqual(refused.retryAfterMs - 1);
});

test('a bucket fills steadily: after a sixth of its time there is one call again', async () => {
  const rule: RateLimitRule = { algorithm: 'token-bucket', limit: 6, windowMs: 1_200 };
  const one = limits();
  expect(await allowed(one, rule, 7)).toBe(6);
  const { retryAfterMs } = await one.take('x', rule);
  expect(retryAfterMs).toBeLessThanOrEqual(200);
  await delay(retryAfterMs + 5);
  expect((await one.take('x', rule)).allowed).toBe(true);
});

test('a window slides: what was taken is back after it, and not before', async () => {
  const rule: RateLimitRule = { algorithm: 'sliding-window', limit: 2, windowMs: 200 };
  const one = limits();
  const begun = performance.now();
  expect(await allowed(one, rule, 3)).toBe(2);
  await expect.poll(async () => (await one.take('x', rule)).allowed, { interval: 5 }).toBe(true);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(200);
});

test('what is kept in Redis expires', async () => {
  await limits().take('x', WINDOW);
  await limits().take('x', BUCKET);
  const names = await redis.redis.keys(`${redis.keys.prefix}:rate-limit:*`);
  expect(names).toHaveLength(2);
  for (const name of names) expect(await redis.redis.pttl(name)).toBeGreaterThan(0);
});

test('Redis that is away fails the call in time, and those right after it at once', async () => {
  const time = { now: 1_000 };
  const away = limits({ url: 'redis://127.0.0.1:1', timeoutMs: 50, now: () => time.now });
  await expect(away.take('x', WINDOW)).rejects.toThrow('within 50 ms');
  await expect(away.take('y', WINDOW)).rejects.toThrow('just now');
  time.now += 1_000;
  await expect(away.take('x', WINDOW)).rejects.toThrow('within 50 ms');
});

test('a slow Redis fails the call in time', async () => {
  const slow = limits({ timeoutMs: 30 });
  await slow.take('x', WINDOW);
  await redis.redis.call('CLIENT', 'PAUSE', '200', 'ALL');
  await expect(slow.take('x', WINDOW)).rejects.toThrow('within 30 ms');
});

test('an error of Redis is passed on', async () => {
  const one = limits();
  await redis.redis.set(redis.keys.rateLimit('sliding-window:6:60000:x'), 'no hash', 'PX', 5_000);
  await expect(one.take('x', WINDOW)).rejects.toThrow('WRONGTYPE');
});
