import { PassThrough } from 'node:stream';
import { createLogger, OperatorError } from '@millrace/service';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { Stdio } from './stdio.ts';
import { transportFor } from './stdio-target.ts';

/** A transport whose other end is the test. */
class Loop implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  readonly sent: JSONRPCMessage[] = [];
  failing = false;

  async start(): Promise<void> {
    return;
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.failing) throw new Error('the line is cut');
    this.sent.push(message);
  }

  async close(): Promise<void> {
    this.onclose?.();
  }
}

async function start(lines: readonly string[], failing = false) {
  const transport = new Loop();
  transport.failing = failing;
  const [input, output] = [new PassThrough(), new PassThrough()];
  const errors: Error[] = [];
  const stdio = new Stdio({ transport, input, output, onError: (error) => errors.push(error) });
  await stdio.start();
  input.write(lines.map((line) => `${line}\n`).join(''));
  while (transport.sent.length + errors.length < lines.filter((line) => line.startsWith('{"jsonrpc"')).length)
    await new Promise(setImmediate);
  const written = () =>
    String(output.read() ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { transport, input, stdio, errors, written };
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

test('lines go one way and the other, as they are', async () => {
  const { transport, written } = await start([
    PING,
    '',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  ]);
  expect(transport.sent.map((message) => 'method' in message && message.method)).toEqual([
    'ping',
    'notifications/initialized',
  ]);
  transport.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
  expect(written()).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
});

test('a line that is no JSON is answered so', async () => {
  const { written } = await start(['{"jsonrpc', PING]);
  expect(written()).toMatchObject([{ id: null, error: { code: -32_700 } }]);
});

test('a request that cannot be sent is answered, and the reason is told beside', async () => {
  const { written, errors } = await start([PING], true);
  expect(errors.map(({ message }) => message)).toEqual(['the line is cut']);
  expect(written()).toMatchObject([{ id: 1, error: { code: -32_008 } }]);
});

test('the end of the input waits for answers, but not for streams that have no end', async () => {
  const listen = '{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen"}';
  const { transport, input, stdio } = await start([PING, listen]);
  let ended = false;
  const end = stdio.ended.then(() => {
    ended = true;
  });
  input.end();
  await new Promise(setImmediate);
  expect(ended).toBe(false);
  transport.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
  await end;
});

test('it ends when the cluster is gone', async () => {
  const { transport, stdio } = await start([]);
  await transport.close();
  await stdio.ended;
  await stdio.stop();
  await stdio.stop();
});

const logger = createLogger({ name: 'test', level: 'silent' });

test.each([
  [[], /^usage: millrace stdio/],
  [['--url', 'http://a/mcp', '--redis', 'redis://b'], /^usage: millrace stdio/],
  [['--url', 'ftp://a'], '--url: "ftp://a" — expected http://…, https://…, ws://…, wss://…'],
  [['--redis', 'b:6379'], '--redis: "b:6379" — expected redis://…, rediss://…'],
  [['--port', '1'], /Unknown option '--port'.*usage:/s],
])('arguments %j are refused in one line', (args, message) => {
  expect(() => transportFor(args, logger)).toThrow(message);
  expect(() => transportFor(args, logger)).toThrow(OperatorError);
});

test.each([
  [['--url', 'http://a/mcp'], 'HttpPipe'],
  [['--url', 'wss://a/ws'], 'WebSocketTransport'],
  [['--redis', 'redis://b', '--prefix', 'p'], 'RedisTransport'],
])('%j leads to the cluster by %s', (args, transport) => {
  expect(transportFor(args, logger).constructor.name).toBe(transport);
});
