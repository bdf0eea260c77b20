import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';

test('it stands still until it is moved', async () => {
  const clock = new FakeClock(1_000);
  expect(clock.now()).toBe(1_000);
  await clock.advance(250);
  const { now } = clock;
  expect(now()).toBe(1_250);
});

test('it wakes each sleeper at its time, also one that sleeps again', async () => {
  const clock = new FakeClock();
  const woken: string[] = [];
  const sleepTwice = async () => {
    await clock.sleep(10);
    woken.push(`first at ${clock.now()}`);
    await clock.sleep(10);
    woken.push(`again at ${clock.now()}`);
  };
  const twice = sleepTwice();
  const late = clock.sleep(15).then(() => woken.push(`late at ${clock.now()}`));
  await clock.advance(20);
  await Promise.all([twice, late]);
  expect(woken).toEqual(['first at 10', 'late at 15', 'again at 20']);
});

test('it does not wake whose time has not come', async () => {
  const clock = new FakeClock();
  let awake = false;
  void clock.sleep(100).then(() => {
    awake = true;
  });
  await clock.advance(99);
  expect([awake, clock.sleepers]).toEqual([false, 1]);
  await clock.advance(1);
  expect([awake, clock.sleepers]).toEqual([true, 0]);
});

test('a sleep ends with its signal', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const sleep = clock.sleep(10, controller.signal);
  controller.abort(new Error('enough'));
  await expect(sleep).rejects.toThrow('enough');
  await expect(clock.sleep(10, controller.signal)).rejects.toThrow('enough');
  expect(clock.sleepers).toBe(0);
});

test.each([-1, Number.NaN])('it cannot be moved by %s', async (ms) => {
  await expect(new FakeClock().advance(ms)).rejects.toThrow(`ms: ${ms}`);
});
