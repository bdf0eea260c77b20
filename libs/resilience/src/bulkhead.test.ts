import { expect, test } from 'vitest';
import { Bulkhead } from './bulkhead.ts';

test('there are as many places as it was made with', () => {
  const bulkhead = new Bulkhead(2);
  expect([bulkhead.tryEnter(), bulkhead.tryEnter(), bulkhead.tryEnter()]).toEqual([true, true, false]);
  bulkhead.leave();
  expect(bulkhead.running).toBe(1);
});

test('those who wait get the places in their order, before newcomers', async () => {
  const bulkhead = new Bulkhead(1);
  bulkhead.tryEnter();
  const [first, second] = [bulkhead.wait(), bulkhead.wait()];
  bulkhead.leave();
  expect(await first.entered).toBe(true);
  expect([bulkhead.tryEnter(), bulkhead.waiting]).toEqual([false, 1]);
  bulkhead.leave();
  expect(await second.entered).toBe(true);
});

test('who gives up gets no place, and nobody behind loses one', async () => {
  const bulkhead = new Bulkhead(1);
  bulkhead.tryEnter();
  const [first, second] = [bulkhead.wait(), bulkhead.wait()];
  first.giveUp();
  bulkhead.leave();
  expect([await first.entered, await second.entered, bulkhead.running]).toEqual([false, true, 1]);
});

test('giving up after a place was got changes nothing', async () => {
  const bulkhead = new Bulkhead(1);
  bulkhead.tryEnter();
  const wait = bulkhead.wait();
  bulkhead.leave();
  wait.giveUp();
  expect([await wait.entered, bulkhead.running]).toEqual([true, 1]);
});

test('it tells how many wait', () => {
  const changes: number[] = [];
  const bulkhead = new Bulkhead(1, (change) => void changes.push(change));
  bulkhead.tryEnter();
  const wait = bulkhead.wait();
  bulkhead.wait();
  wait.giveUp();
  bulkhead.leave();
  expect(changes).toEqual([1, 1, -1, -1]);
});
