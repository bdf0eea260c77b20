import { setImmediate as turn } from 'node:timers/promises';
import { Slots } from '@millrace/resilience';
import { expect, test } from 'vitest';
import { HeldSlot } from './held-slot.ts';

/** One slot, which is held. */
function setUp() {
  const slots = new Slots(1);
  slots.tryTake();
  const changes: number[] = [];
  const held = new HeldSlot(slots, () => void changes.push(slots.used));
  return { slots, held, changes };
}

test('the slot is free while its holder waits, and held again before the holder goes on', async () => {
  const { slots, held, changes } = setUp();
  const answer = Promise.withResolvers<string>();
  const lent = held.lend(() => answer.promise);
  expect(slots.used).toBe(0);
  answer.resolve('yes');
  expect([await lent, slots.used]).toEqual(['yes', 1]);
  held.close();
  expect([slots.used, changes]).toEqual([0, [0, 1, 0]]);
});

test('of several waits the last one ends it', async () => {
  const { slots, held } = setUp();
  const answers = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const lent = answers.map(({ promise }) => held.lend(() => promise));
  answers[0]?.resolve();
  await lent[0];
  expect(slots.used).toBe(0);
  answers[1]?.resolve();
  await lent[1];
  expect(slots.used).toBe(1);
});

test('a holder whose slot was taken by another waits for one', async () => {
  const { slots, held } = setUp();
  const answer = Promise.withResolvers<void>();
  let ended = false;
  const lent = held
    .lend(() => answer.promise)
    .then(() => {
      ended = true;
    });
  expect(slots.tryTake()).toBe(true);
  answer.resolve();
  await turn();
  expect(ended).toBe(false);
  slots.release();
  await lent;
  expect(slots.used).toBe(1);
});

test('a holder that ended while it waited takes no slot any more', async () => {
  const { slots, held } = setUp();
  const answer = Promise.withResolvers<void>();
  const lent = held.lend(() => answer.promise);
  held.close();
  answer.resolve();
  await lent;
  expect(slots.used).toBe(0);
});

test('a holder that ended while it waited for a slot gives that back', async () => {
  const { slots, held } = setUp();
  const answer = Promise.withResolvers<void>();
  const lent = held.lend(() => answer.promise);
  slots.tryTake();
  answer.resolve();
  await turn();
  held.close();
  slots.release();
  await lent;
  expect(slots.used).toBe(0);
});

test('a wait that fails ends like any other', async () => {
  const { slots, held } = setUp();
  await expect(held.lend(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(slots.used).toBe(1);
});

test('a slot that is handed over is the business of another from then on', () => {
  const { slots, held } = setUp();
  expect(held.handOver()).toBe(true);
  held.close();
  expect([slots.used, held.handOver()]).toEqual([1, false]);
});

test('who has given its slot back has none to hand over', () => {
  const { slots, held } = setUp();
  held.close();
  expect([slots.used, held.handOver()]).toEqual([0, false]);
});
