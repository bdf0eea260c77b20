import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { Session } from '../support/session.ts';
import { callTool, startTask, taskIs } from '../support/tasks.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

/** With payload keys, Redis never sees what tools are called with, nor what they answer. */
const SECRET = 'the answer is forty-two';
const key = (name: string) => `${name}:${randomBytes(32).toString('base64')}`;
const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const [OLD, NEW] = [key('k1'), key('k2')];
const cluster = await startCluster({
  privateRedis: true,
  frontDoors: 2,
  plugins: ['fixture', 'tasks'],
  env: { MILLRACE_PAYLOAD_KEYS: OLD },
});
const redis = await connectRedis(cluster.redisUrl);
/** All that any client sends to Redis. */
const seen: string[] = [];
const monitor = await redis.monitor();
monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
afterAll(async () => {
  monitor.disconnect();
  redis.disconnect();
  await cluster.stop();
});

test('calls and tasks work, and nothing of them can be read in Redis', async () => {
  const echoed = await send(cluster.url, toolCall('echo', { text: SECRET }));
  expect(echoed.message.result).toMatchObject({ content: [{ text: SECRET }] });
  const taskId = await startTask(cluster.url, 'work', { key: SECRET });
  await cluster.logged('started', { key: SECRET });
  cluster.release(SECRET);
  expect(await taskIs(cluster.urls[1] ?? '', taskId, 'completed')).toMatchObject({
    result: { content: [{ text: `${SECRET} is done` }] },
  });
  expect(seen.length).toBeGreaterThan(10);
  expect(seen.filter((command) => command.includes('forty-two'))).toEqual([]);
  expect(seen.filter((command) => command.includes('e1.k1.')).length).toBeGreaterThan(3);
});

test('what a stream of a session says can be resumed elsewhere, and not be read', async () => {
  const session = await Session.open(cluster.url);
  const stream = await session.call(cluster.url, 'steps', { count: 2 });
  expect(JSON.stringify(await stream.rest())).toContain('all steps taken');
  expect(seen.some((command) => command.startsWith('xadd') && command.includes('e1.k1.'))).toBe(true);
  expect(seen.filter((command) => command.includes('all steps taken'))).toEqual([]);
});

test('a local server straight on the queues seals and reads as the front doors do', async () => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [CLI, 'stdio', '--redis', cluster.redisUrl, '--prefix', cluster.prefix],
    env: { MILLRACE_PAYLOAD_KEYS: OLD },
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  const sealed = 'also from the queue';
  const { content } = await client.callTool({ name: 'echo', arguments: { text: sealed } });
  expect(content).toEqual([{ type: 'text', text: sealed }]);
  expect(seen.filter((command) => command.includes(sealed))).toEqual([]);
});

test('one key follows another while calls go on', async () => {
  const [door] = cluster.frontDoors;
  if (!door) throw new Error('there is a front door');
  await cluster.startWorker({ MILLRACE_PAYLOAD_KEYS: `${NEW},${OLD}` });
  await cluster.startFrontDoor({ MILLRACE_PAYLOAD_KEYS: `${OLD},${NEW}` });
  await cluster.seesWorkers(2);
  const url = cluster.urls[2] ?? '';
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, at) => callTool(url, 'echo', { text: `hello ${at}` })),
  );
  expect(answers.map(({ result }) => result?.['isError'] ?? false)).toEqual(Array(40).fill(false));
  expect(seen.some((command) => command.includes('e1.k2.'))).toBe(true);
});

test('a worker without the key leaves the call alone, and the client is told in time', async () => {
  const other = await startCluster({
    frontDoorEnv: {
      MILLRACE_PAYLOAD_KEYS: OLD,
      MILLRACE_CALL_TIMEOUT_MS: '600',
      MILLRACE_RATE_LIMIT_TIMEOUT_MS: '500',
    },
  });
  onTestFinished(() => other.stop());
  const { message } = await send(other.url, toolCall('echo', { text: SECRET }));
  expect(message.error?.data).toMatchObject({ name: 'deadline_exceeded' });
  expect((await send(other.url, modernRequest('tools/list'))).status).toBe(200);
});
