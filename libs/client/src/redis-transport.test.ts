import { startPrivateRedis } from '@millrace/broker';
import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { RedisTransport } from './redis-transport.ts';

async function connect(timeoutMs = 5_000): Promise<{ transport: RedisTransport; answers: JSONRPCMessage[] }> {
  const redis = await startPrivateRedis();
  onTestFinished(() => redis.stop());
  const transport = new RedisTransport(redis.url, { timeoutMs });
  const answers: JSONRPCMessage[] = [];
  transport.onmessage = (message) => answers.push(message);
  await transport.start();
  onTestFinished(() => transport.close());
  return { transport, answers };
}

function ask(id: number, method: string, params = {}): JSONRPCMessage {
  return { jsonrpc: '2.0', id, method, params };
}

test('what needs no worker is answered without one', async () => {
  const { transport, answers } = await connect();
  await transport.send(ask(1, 'ping'));
  await transport.send(ask(2, 'tools/list'));
  while (answers.length < 2) await new Promise(setImmediate);
  expect(answers).toEqual([
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 2, result: { tools: [] } },
  ]);
});

test('what cannot be served is answered with an error', async () => {
  const { transport, answers } = await connect();
  await transport.send(ask(1, 'tools/call', { name: 'nothing' }));
  await transport.send(ask(2, 'no/such/method'));
  while (answers.length < 2) await new Promise(setImmediate);
  expect(answers).toMatchObject([{ error: { code: -32_602 } }, { error: { code: -32_601 } }]);
});

test('a Redis that is not there is told in time', async () => {
  const redis = await startPrivateRedis();
  await redis.stop();
  const transport = new RedisTransport(redis.url, { timeoutMs: 50 });
  await expect(transport.start()).rejects.toThrow('Redis could not be reached within 50 ms');
  await expect(transport.send(ask(1, 'ping'))).rejects.toThrow('not open');
});

test('once closed it is closed, and says so once', async () => {
  const { transport } = await connect();
  let closed = 0;
  transport.onclose = () => {
    closed += 1;
  };
  await transport.close();
  await transport.close();
  expect(closed).toBe(1);
  await expect(transport.send(ask(1, 'ping'))).rejects.toThrow('not open');
  await expect(transport.start()).rejects.toThrow('started already');
});
