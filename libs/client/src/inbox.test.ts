import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { Inbox } from './inbox.ts';

const progress = (step: number): JSONRPCMessage => ({ jsonrpc: '2.0', method: 'progress', params: { step } });
const answer = (id: number): JSONRPCMessage => ({ jsonrpc: '2.0', id, result: {} });

test('messages are handed over in their order, and none in the turn of a notification', async () => {
  const delivered: JSONRPCMessage[] = [];
  const turns: number[] = [];
  let turn = 0;
  const inbox = new Inbox((message) => {
    delivered.push(message);
    turns.push(turn);
  });
  const all = [answer(1), answer(2), progress(1), progress(2), answer(3), answer(4)];
  for (const message of all) inbox.add(message);
  while (delivered.length < all.length) {
    await new Promise(setImmediate);
    turn += 1;
  }
  expect(delivered).toEqual(all);
  const [, , first = 0, second = 0, third = 0, fourth = 0] = turns;
  expect([turns[0], turns[1], first]).toEqual([0, 0, 0]);
  expect(second).toBeGreaterThanOrEqual(first);
  expect(third).toBeGreaterThan(second);
  expect(fourth).toBe(third);
});

test('a message that comes while others wait is not handed over before them', async () => {
  const delivered: JSONRPCMessage[] = [];
  const inbox = new Inbox((message) => delivered.push(message));
  inbox.add(progress(1));
  inbox.add(answer(1));
  queueMicrotask(() => inbox.add(answer(2)));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(delivered).toEqual([progress(1), answer(1), answer(2)]);
});
