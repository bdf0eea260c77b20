import { expect, test } from 'vitest';
import { FleetMemory } from './fleet-memory.ts';
import type { WorkerRecord } from './worker-record.ts';

const EMPTY = { workers: [], offers: [] };

function worker(id: string, offer: string): WorkerRecord {
  return { id, offer, pools: ['default'], slots: 4, startedAt: 0, host: 'here', pid: 1 };
}

const [one, two] = [worker('w-1', 'a'), worker('w-2', 'b')];
const BOTH = { workers: [one, two], offers: ['a', 'b'] };

function memoryOf(fleet: typeof BOTH): FleetMemory {
  const memory = new FleetMemory(1_000);
  expect(memory.complete(fleet, 0)).toEqual(fleet);
  return memory;
}

test('what an empty Redis has lost counts until the grace is over', () => {
  const memory = memoryOf(BOTH);
  expect(memory.complete(EMPTY, 5_000)).toEqual(BOTH);
  expect(memory.complete(EMPTY, 5_999)).toEqual(BOTH);
  expect(memory.complete(EMPTY, 6_000)).toEqual(EMPTY);
  expect(memory.complete(EMPTY, 6_500)).toEqual(EMPTY);
});

test('who has told it again does not stand for the others', () => {
  const memory = memoryOf(BOTH);
  const again = { workers: [two], offers: ['b'] };
  expect(memory.complete(again, 5_000)).toEqual(BOTH);
  expect(memory.complete(again, 6_000)).toEqual(again);
});

test('a worker that took its leave, and whose offer is remembered, is gone at once', () => {
  const memory = memoryOf(BOTH);
  const left = { workers: [two], offers: ['a', 'b'] };
  expect(memory.complete(left, 1)).toEqual(left);
});

test('a worker that now serves something else counts once', () => {
  const memory = memoryOf(BOTH);
  const changed = { workers: [worker('w-1', 'c'), two], offers: ['b', 'c'] };
  expect(memory.complete(changed, 1)).toEqual({ ...changed, offers: ['a', 'b', 'c'] });
});

test('every loss has a grace of its own', () => {
  const memory = memoryOf(BOTH);
  memory.complete(EMPTY, 1_000);
  memory.complete(BOTH, 1_500);
  expect(memory.complete(EMPTY, 2_100)).toEqual(BOTH);
});
