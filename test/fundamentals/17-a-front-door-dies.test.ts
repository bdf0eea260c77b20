import { disconnect } from '@millrace/broker';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { Session, textOf } from '../support/session.ts';
import { startTask, taskIs } from '../support/tasks.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * A front door that dies takes the connections of its clients with it. Workers notice that it says nothing any more
 * and stop its calls, as they would if the clients had gone; but not those for which a client can come back at another
 * front door: tasks, calls of a session, calls with an idempotency key.
 */
const cluster = await startCluster({
  plugins: ['fixture', 'tasks'],
  env: { MILLRACE_HEARTBEAT_MS: '200', MILLRACE_WORKER_TTL_MS: '600' },
});
const redis = await connectRedis(cluster.redisUrl);
afterAll(async () => {
  disconnect(redis);
  await cluster.stop();
});

/** One more front door, which the test will kill. */
async function startDoomed() {
  const frontDoor = await cluster.startFrontDoor();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  return { frontDoor, url: cluster.urls.at(-1) ?? '' };
}

/** How a request ended whose front door was killed. */
const brokenOff = (request: Promise<unknown>) => request.then(String, (error: Error) => error.message);

test('its calls are stopped, and their clients, who saw their connection break, can go elsewhere', async () => {
  const { frontDoor, url } = await startDoomed();
  const broken = ['hold', 'charge'].map((tool) => brokenOff(send(url, toolCall(tool, { key: tool }))));
  await Promise.all(['hold', 'charge'].map((key) => cluster.logged('started', { key })));
  await frontDoor.kill('SIGKILL');
  expect(await Promise.all(broken)).toEqual(['fetch failed', 'fetch failed']);
  await Promise.all(['hold', 'charge'].map((key) => cluster.logged('aborted', { key })));
  expect((await send(cluster.url, toolCall('echo', { text: 'here' }))).message.result).toBeDefined();
});

test('a task goes on, and is found at any other front door', async () => {
  const { frontDoor, url } = await startDoomed();
  const task = await startTask(url, 'work_once', { key: 'kept task' });
  await cluster.logged('started', { key: 'kept task' });
  await frontDoor.kill('SIGKILL');
  await goneFromRedis();
  cluster.release('kept task');
  expect(await taskIs(cluster.url, task, 'completed')).toMatchObject({
    result: { content: [{ text: 'kept task is done' }] },
  });
});

test('a call of a session goes on, and its client reads the answer elsewhere', async () => {
  const { frontDoor, url } = await startDoomed();
  const session = await Session.open(url);
  const stream = await session.call(url, 'advance', { key: 'kept call' });
  const { id } = await stream.message();
  await frontDoor.kill('SIGKILL');
  await goneFromRedis();
  cluster.release('kept call');
  const resumed = await session.stream(cluster.url, id);
  expect(textOf((await resumed.message()).message)).toBe('kept call is done');
});

test('a call with an idempotency key goes on', async () => {
  const { frontDoor, url } = await startDoomed();
  const meta = { 'io.millrace/idempotency-key': 'k-1' };
  const broken = brokenOff(send(url, toolCall('charge', { key: 'keyed' }, meta)));
  await cluster.logged('started', { key: 'keyed' });
  await frontDoor.kill('SIGKILL');
  expect(await broken).toBe('fetch failed');
  await goneFromRedis();
  cluster.release('keyed');
  await cluster.logged('finished', { key: 'keyed' });
});

test('nothing of it stays in Redis', async () => {
  const alive = await redis.keys(`${cluster.prefix}:front-door:*`);
  expect(alive).toHaveLength(1);
});

/** Resolves when the workers must have noticed: the front door is forgotten, and its time to come back is over. */
async function goneFromRedis(): Promise<void> {
  await expect.poll(() => redis.keys(`${cluster.prefix}:front-door:*`), { timeout: 5_000 }).toHaveLength(1);
  const { frontDoor, url } = await startDoomed();
  const broken = brokenOff(send(url, toolCall('hold', { key: url })));
  await cluster.logged('started', { key: url });
  await frontDoor.kill('SIGKILL');
  await broken;
  // This one died later than the other and was stopped: so the other one's calls would have been.
  await cluster.logged('aborted', { key: url });
}
