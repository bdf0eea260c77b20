import { setImmediate as turn } from 'node:timers/promises';
import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { MessageOrder } from './message-order.ts';

const progress = (at: number): JSONRPCMessage => ({ jsonrpc: '2.0', method: 'p', params: { at } });
const result = (id: number): JSONRPCMessage => ({ jsonrpc: '2.0', id, result: {} });

test('a response that comes with a notification waits until that has been handled', async () => {
  const seen: JSONRPCMessage[] = [];
  const order = new MessageOrder((message) => seen.push(message));
  for (const message of [progress(1), result(1), progress(2), result(2)]) order.push(message);
  expect(seen).toEqual([progress(1)]);
  await turn();
  await turn();
  await turn();
  expect(seen).toEqual([progress(1), result(1), progress(2), result(2)]);
});

test('responses alone go on at once', () => {
  const seen: JSONRPCMessage[] = [];
  const order = new MessageOrder((message) => seen.push(message));
  order.push(result(1));
  order.push(result(2));
  expect(seen).toEqual([result(1), result(2)]);
});
