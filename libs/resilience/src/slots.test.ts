import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('there are as many places as it was made with', () => {
  const slots = new Slots(2);
  expect([slots.tryTake(), slots.tryTake(), slots.tryTake()]).toEqual([true, true, false]);
  expect([slots.used, slots.free]).toEqual([2, 0]);
});

test('those that find none are served in their order', async () => {
  const slots = new Slots(1);
  await slots.take();
  const served: string[] = [];
  const waiting = ['first', 'second'].map(async (name) => {
    await slots.take();
    served.push(name);
    slots.release();
  });
  slots.release();
  await Promise.all(waiting);
  expect(served).toEqual(['first', 'second']);
  expect(slots.free).toBe(1);
});

test('a place that is given back goes to the one in line, not to a newcomer', async () => {
  const slots = new Slots(1);
  slots.tryTake();
  const waiting = slots.take();
  slots.release();
  expect(slots.tryTake()).toBe(false);
  await waiting;
  expect(slots.used).toBe(1);
});

test('none is free while somebody waits', () => {
  const slots = new Slots(1);
  slots.tryTake();
  void slots.take();
  expect(slots.free).toBe(0);
});

test('who does not want to wait for long leaves the line, and nobody behind loses by it', async () => {
  const slots = new Slots(1);
  slots.tryTake();
  const impatient = slots.takeWithin(1);
  const patient = slots.takeWithin(10_000);
  expect(await impatient).toBe(false);
  slots.release();
  expect(await patient).toBe(true);
  expect([slots.used, slots.free]).toEqual([1, 0]);
});
