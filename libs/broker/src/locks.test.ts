import { createLogger } from '@millrace/service';
import { expect, test, vi } from 'vitest';
import { Locks } from './locks.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const LOCK_MS = 1_000;

/** Locks under a clock of their own, on a Redis that answers what the test says. */
function setUp(extend = async (): Promise<readonly string[]> => []) {
  const clock = { now: 0 };
  const asked = vi.fn(extend);
  const locks = new Locks({ lockMs: LOCK_MS, extend: asked, logger, now: () => clock.now });
  return { clock, locks, asked };
}

test('a lock that is renewed in time stands', async () => {
  const { clock, locks, asked } = setUp();
  const lock = locks.hold('1', 'token', 0);
  for (clock.now = 250; clock.now < 5_000; clock.now += 250) await locks.renew();
  expect(lock.lost).toBe(false);
  expect(asked).toHaveBeenCalledWith(['1'], ['token'], LOCK_MS);
});

test('a lock is lost when Redis says so', async () => {
  const { locks } = setUp(async () => ['2']);
  const [one, two] = [locks.hold('1', 'a', 0), locks.hold('2', 'b', 0)];
  const told = vi.fn();
  two.whenLost(told);
  await locks.renew();
  expect([one.lost, two.lost, locks.size]).toEqual([false, true, 1]);
  expect(told).toHaveBeenCalledOnce();
});

test('a lock is lost when Redis says nothing for as long as it lasts', async () => {
  const { clock, locks } = setUp(() => new Promise(() => undefined));
  const lock = locks.hold('1', 'token', 0);
  void locks.renew();
  clock.now = LOCK_MS - 1;
  void locks.renew();
  expect(lock.lost).toBe(false);
  clock.now = LOCK_MS;
  void locks.renew();
  expect(lock.lost).toBe(true);
});

test('one failed renewal is not the end', async () => {
  const answers = [Promise.reject(new Error('LOADING')), Promise.resolve([])];
  const { clock, locks } = setUp(() => answers.shift() ?? Promise.resolve([]));
  const lock = locks.hold('1', 'token', 0);
  for (const now of [250, 500, 1_400]) {
    clock.now = now;
    await locks.renew();
  }
  expect(lock.lost).toBe(false);
});

test('a renewal counts from when it was asked for, not from when the answer came', async () => {
  const answer = Promise.withResolvers<string[]>();
  const { clock, locks } = setUp(() => answer.promise);
  const lock = locks.hold('1', 'token', 0);
  clock.now = 100;
  const renewed = locks.renew();
  clock.now = 900;
  answer.resolve([]);
  await renewed;
  clock.now = 1_100;
  void locks.renew();
  expect(lock.lost).toBe(true);
});

test('a lock that was old when it came is asked for', async () => {
  const { locks } = setUp(async () => ['late']);
  const lock = locks.hold('late', 'token', 2 * LOCK_MS);
  await locks.confirm(lock);
  expect(lock.lost).toBe(true);
});

test('who listens too late hears it at once', async () => {
  const { locks } = setUp(async () => ['1']);
  const lock = locks.hold('1', 'token', 0);
  await locks.renew();
  const told = vi.fn();
  lock.whenLost(told);
  expect(told).toHaveBeenCalledOnce();
});

test('a lock that was released is not renewed, and cannot be lost', async () => {
  const { clock, locks, asked } = setUp();
  const lock = locks.hold('1', 'token', 0);
  locks.release(lock);
  clock.now = 5_000;
  await locks.renew();
  expect(asked).not.toHaveBeenCalled();
  expect(lock.lost).toBe(false);
});
