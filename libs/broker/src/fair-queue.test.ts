import { PRIORITIES, type Priority } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { FairQueue } from './fair-queue.ts';

/** A queue with calls such as `a1`, the first one of tenant a. */
function queueOf(counts: Record<string, number>, weights?: Record<string, number>): FairQueue<string> {
  const queue = new FairQueue<string>(weights);
  for (const [tenant, count] of Object.entries(counts)) {
    for (let n = 1; n <= count; n += 1) queue.add(`${tenant}${n}`, tenant, 'normal');
  }
  return queue;
}

function drain<T>(queue: FairQueue<T>): T[] {
  const items: T[] = [];
  for (let taken = queue.take(); taken; taken = queue.take()) items.push(taken.item);
  return items;
}

test('one tenant alone is served in its order', () => {
  expect(drain(queueOf({ a: 3 }))).toEqual(['a1', 'a2', 'a3']);
});

test('tenants take turns, however many calls each has', () => {
  expect(drain(queueOf({ flood: 4, quiet: 1, other: 2 }))).toEqual([
    'flood1',
    'quiet1',
    'other1',
    'flood2',
    'other2',
    'flood3',
    'flood4',
  ]);
});

test('a tenant that comes while another floods the queue is next', () => {
  const queue = queueOf({ flood: 100 });
  for (let n = 0; n < 10; n += 1) queue.take();
  queue.add('quiet1', 'quiet', 'normal');
  expect([queue.take()?.item, queue.take()?.item]).toContain('quiet1');
});

test('a tenant can be given more turns than others', () => {
  expect(drain(queueOf({ a: 4, b: 3 }, { a: 2 }))).toEqual(['a1', 'a2', 'b1', 'a3', 'a4', 'b2', 'b3']);
});

test('within a tenant the priorities share its turns: the low one is slow, but not starved', () => {
  const queue = new FairQueue<Priority>();
  for (const priority of PRIORITIES) for (let n = 0; n < 100; n += 1) queue.add(priority, 'a', priority);
  const first = Array.from({ length: 42 }, () => queue.take()?.item);
  const count = (priority: Priority) => first.filter((one) => one === priority).length;
  expect(PRIORITIES.map(count)).toEqual([32, 8, 2]);
});

test('a high priority of one tenant takes nothing from another', () => {
  const queue = new FairQueue<string>();
  for (let n = 0; n < 3; n += 1) queue.add('flood', 'a', 'high');
  for (let n = 0; n < 3; n += 1) queue.add('quiet', 'b', 'low');
  expect(drain(queue)).toEqual(['flood', 'quiet', 'flood', 'quiet', 'flood', 'quiet']);
});

test('who leaves is not served, and counts no more', () => {
  const queue = new FairQueue<string>();
  const places = ['a1', 'a2', 'a3'].map((item) => queue.add(item, 'a', 'normal'));
  const other = queue.add('b1', 'b', 'normal');
  for (const place of [places[0], places[2], other]) if (place) queue.remove(place);
  expect([queue.size, queue.tenants]).toEqual([1, 1]);
  expect(drain(queue)).toEqual(['a2']);
  expect(queue.take()).toBeUndefined();
});

test('a tenant that left and comes back has one turn in a round, not two', () => {
  const queue = queueOf({ a: 1, b: 3 });
  queue.remove(queue.add('gone', 'c', 'normal'));
  queue.add('c1', 'c', 'normal');
  queue.add('c2', 'c', 'normal');
  expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'b2', 'c2', 'b3']);
});

test('it is known of a call whether its tenant had no other while others wait', () => {
  const queue = queueOf({ flood: 2, quiet: 1 });
  expect([queue.take(), queue.take(), queue.take()].map((taken) => taken?.alone)).toEqual([
    false,
    true,
    false,
  ]);
});

test('how many are served before a newcomer: its own before it, and as many turns of the others', () => {
  const queue = queueOf({ flood: 50, other: 1 });
  expect(queue.ahead('flood', 'normal')).toBe(51);
  expect(queue.ahead('other', 'normal')).toBe(3);
  expect(queue.ahead('new', 'normal')).toBe(2);
  expect(queue.ahead('flood', 'high')).toBe(1);
  expect(new FairQueue().ahead('new', 'normal')).toBe(0);
});

test('how many are served before each that waits; who is removed meanwhile is before nobody', () => {
  const queue = queueOf({ flood: 2, other: 1 });
  const late = queue.add('late', 'flood', 'high');
  const standings: [string, number][] = [];
  for (const [item, ahead] of queue.standings()) {
    standings.push([item, ahead]);
    if (item === 'late') queue.remove(late);
  }
  expect(standings).toEqual([
    ['late', 1],
    ['flood1', 1],
    ['flood2', 2],
    ['other1', 1],
  ]);
});
