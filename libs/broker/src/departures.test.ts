import { beforeEach, expect, test } from 'vitest';
import { Departures, farewellOf } from './departures.ts';

const GRACE = 1_000;
let departures: Departures;

beforeEach(() => {
  departures = new Departures(GRACE);
  departures.see(['w-1', 'w-2'], 0);
});

test('a worker that falls silent counts as lost after a while, once', () => {
  departures.see(['w-2'], 100);
  expect(departures.takeLost(100)).toEqual([]);
  expect(departures.takeLost(100 + GRACE)).toEqual(['w-1']);
  expect(departures.takeLost(200 + GRACE)).toEqual([]);
});

test('a worker that takes its leave is not lost, whichever comes first: its word, or its absence', () => {
  departures.hear(farewellOf('w-1'), 50);
  departures.see(['w-2'], 100);
  departures.see([], 200);
  departures.hear(farewellOf('w-2'), 250);
  expect(departures.takeLost(10_000)).toEqual([]);
});

test('a worker that comes back in time was never lost, as when Redis came back empty', () => {
  departures.see([], 100);
  departures.see(['w-1', 'w-2'], 100 + GRACE / 2);
  expect(departures.takeLost(100 + GRACE)).toEqual([]);
});

test('a worker that only told that it serves something else can be lost like any other', () => {
  departures.hear('w-1', 50);
  departures.see(['w-2'], 60);
  expect(departures.takeLost(60 + GRACE)).toEqual(['w-1']);
});
