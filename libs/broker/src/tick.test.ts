import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Tick } from './tick.ts';

function recordingTick() {
  const groups: string[] = [];
  return { groups, tick: new Tick<string>((items) => void groups.push(items.join(''))) };
}

test('what is added during one turn is handed over together at its end', async () => {
  const { groups, tick } = recordingTick();
  for (const item of 'abc') tick.add(item);
  expect(groups).toEqual([]);
  await turn();
  expect(groups).toEqual(['abc']);
});

test('each turn is a group of its own', async () => {
  const { groups, tick } = recordingTick();
  tick.add('a');
  await turn();
  tick.add('b');
  await turn();
  expect(groups).toEqual(['a', 'b']);
});

test('a flush hands over at once, and nothing twice', async () => {
  const { groups, tick } = recordingTick();
  tick.add('a');
  tick.flush();
  expect(groups).toEqual(['a']);
  tick.flush();
  await turn();
  expect(groups).toEqual(['a']);
});
