import { AFFINITY_META_KEY, type Call } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { LostOwners, ownerOf } from './affinity.ts';

const call = (given: Partial<Call>): Call => ({
  id: 'c',
  method: 'tools/call',
  target: 't',
  params: {},
  revision: '2026-07-28',
  deadline: 0,
  ...given,
});

test('a call is about the state of its session or handle, and must have one', () => {
  expect(ownerOf(call({ session: 's' }), 'u')).toContain('"s"');
  expect(ownerOf(call({ params: { _meta: { [AFFINITY_META_KEY]: 'h' } } }), 'u')).toContain('"h"');
  expect(() => ownerOf(call({}), 'u')).toThrow(`_meta["${AFFINITY_META_KEY}"]: the upstream "u" keeps state`);
});

test('a loss is told once', () => {
  const lost = new LostOwners();
  lost.add('ada');
  expect([lost.tell('bob'), lost.tell('ada'), lost.tell('ada')]).toEqual([false, true, false]);
});

test('not everybody is remembered for ever', () => {
  const lost = new LostOwners();
  for (let n = 0; n <= 10_000; n += 1) lost.add(`${n}`);
  expect([lost.tell('0'), lost.tell('1'), lost.tell('10000')]).toEqual([false, true, true]);
});
