import { disconnect } from '@millrace/broker';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { metricOf } from '../support/metric.ts';
import { Session, textOf } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { modernRequest, readAnswer, send, sessionRequest, toolCall } from '../support/wire.ts';

/**
 * Identical calls that are under way at the same time are one call, whichever front doors they came to. It lasts for
 * as long as somebody waits for it, and outlives whoever began it.
 */
const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['sharing'],
  workerEnv: { MILLRACE_LOCK_MS: '1000' },
});
afterAll(() => cluster.stop());
const [first = '', second = ''] = cluster.urls;

function runs(tool: string, id: string): number {
  return cluster.workers.flatMap((worker) => worker.logs.having('ran', { tool, id })).length;
}

const began = (tool: string, id: string) => cluster.logged('ran', { tool, id });

/** What of this happened by now on all front doors. */
async function followers(tool: string): Promise<number> {
  const alive = cluster.adminUrls.filter((_, at) => cluster.frontDoors[at]?.running);
  const counts = alive.map((url) => metricOf(url, 'millrace_dedup_followers_total', { tool }));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Makes further calls. Resolves when so many of them follow another one. */
async function follow<T>(tool: string, count: number, calls: () => T): Promise<T> {
  const before = await followers(tool);
  const made = calls();
  await vi.waitFor(async () => expect(await followers(tool)).toBe(before + count), { timeout: 5_000 });
  return made;
}

/** How many front doors there are on the flight that most are on. */
async function largestFlight(): Promise<number> {
  const redis = await connectRedis(cluster.redisUrl);
  try {
    const names = await redis.keys(`${cluster.prefix}:{@flights}:*`);
    const lists = await Promise.all(names.map((name) => redis.get(name)));
    return Math.max(0, ...lists.map((list) => list?.split('\n').length ?? 0));
  } finally {
    disconnect(redis);
  }
}

/** A call whose client can go away. */
function leavable(url: string, tool: string, id: string, { headers, body } = toolCall(tool, { id })) {
  const away = new AbortController();
  const init = { method: 'POST', headers, body: JSON.stringify(body), signal: away.signal };
  const answer = fetch(url, init).then(readAnswer);
  answer.catch(() => 'it may go away');
  return { answer, leave: () => away.abort() };
}

test('identical calls run once, and everybody gets the answer', async () => {
  const leader = send(first, toolCall('held', { id: 'once' }));
  await began('held', 'once');
  const others = await follow('held', 9, () =>
    Array.from({ length: 9 }, (_, n) => send(n % 2 ? first : second, toolCall('held', { id: 'once' }))),
  );
  cluster.release('once');
  const texts = (await Promise.all([leader, ...others])).map(({ message }) => textOf(message));
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]).toContain('held once');
  expect(runs('held', 'once')).toBe(1);
});

test('many that begin at the same moment are one call, too', async () => {
  const calls = await follow('held', 99, () =>
    Array.from({ length: 100 }, (_, n) => send(n % 2 ? first : second, toolCall('held', { id: 'burst' }))),
  );
  cluster.release('burst');
  expect(new Set((await Promise.all(calls)).map(({ message }) => textOf(message))).size).toBe(1);
  expect(runs('held', 'burst')).toBe(1);
});

test('calls with other arguments are other calls, and so is one that comes afterwards', async () => {
  const calls = ['x', 'y'].map((id) => send(first, toolCall('held', { id })));
  await Promise.all(['x', 'y'].map((id) => began('held', id)));
  for (const id of ['x', 'y']) cluster.release(id);
  await Promise.all(calls);
  await send(first, toolCall('held', { id: 'x' }));
  await vi.waitFor(() => expect([runs('held', 'x'), runs('held', 'y')]).toEqual([2, 1]));
  // Another front door hears of the end a moment later.
  const elsewhere = () => send(second, toolCall('held', { id: 'x' })).then(() => runs('held', 'x'));
  await expect.poll(elsewhere).toBeGreaterThan(2);
});

test.each(['held_repeatable', 'held_with_effect', 'held_alone'])(
  '%s does not say that it may, or says that it may not: each call runs',
  async (tool) => {
    const calls = [first, second, first].map((url) => send(url, toolCall(tool, { id: tool })));
    await vi.waitFor(() => expect(runs(tool, tool)).toBe(3));
    cluster.release(tool);
    await Promise.all(calls);
  },
);

test('progress and logs reach all of them, each under its own token', async () => {
  const level = { 'io.modelcontextprotocol/logLevel': 'info' };
  const open = (url: string, progressToken: string | number) => {
    const { headers, body } = toolCall('held', { id: 'progress' }, { progressToken, ...level });
    return EventStream.open(url, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  const leader = await open(first, 7);
  expect((await leader.message()).message).toMatchObject({ params: { progressToken: 7, message: 'begun' } });
  expect((await leader.message()).message).toMatchObject({ method: 'notifications/message' });
  const opening = await follow('held', 2, () => [open(first, 'own'), open(second, 0)]);
  cluster.release('progress');
  const others = await Promise.all(opening);
  for (const [at, token] of ['own', 0].entries()) {
    const stream = others[at] as EventStream;
    expect((await stream.message()).message).toMatchObject({
      method: 'notifications/progress',
      params: { progressToken: token, progress: 2, message: 'ended' },
    });
    expect((await stream.message()).message).toHaveProperty('result');
  }
  expect(runs('held', 'progress')).toBe(1);
});

test('a follower that goes away costs the others nothing; the leader, too', async () => {
  const leader = leavable(first, 'held', 'leaving');
  await began('held', 'leaving');
  const [here, there, gone] = await follow('held', 3, () =>
    [first, second, second].map((url) => leavable(url, 'held', 'leaving')),
  );
  gone?.leave();
  leader.leave();
  await Promise.all([gone?.answer, leader.answer].map((answer) => expect(answer).rejects.toThrow()));
  cluster.release('leaving');
  const texts = await Promise.all(
    [here, there].map(async (one) => textOf((await one?.answer)?.message ?? {})),
  );
  expect(texts[0]).toContain('held leaving');
  expect(texts[1]).toBe(texts[0]);
  expect(runs('held', 'leaving')).toBe(1);
});

test('a call goes on for another front door, and ends when that waits no more', async () => {
  const leader = leavable(first, 'held', 'deserted');
  await began('held', 'deserted');
  const [last] = await follow('held', 1, () => [leavable(second, 'held', 'deserted')]);
  leader.leave();
  await expect(leader.answer).rejects.toThrow();
  // Were the call stopped with its leader, this would be the end of the last one, too.
  const other = await send(first, toolCall('plain', { id: 'a' }));
  expect(textOf(other.message)).toContain('plain');
  expect(cluster.workers.flatMap(({ logs }) => logs.having('aborted', { id: 'deserted' }))).toEqual([]);
  last?.leave();
  await cluster.logged('aborted', { tool: 'held', id: 'deserted' });
});

test('when all have gone the work stops', async () => {
  const leader = leavable(first, 'held', 'unwanted');
  await began('held', 'unwanted');
  const [other] = await follow('held', 1, () => [leavable(first, 'held', 'unwanted')]);
  leader.leave();
  other?.leave();
  await cluster.logged('aborted', { tool: 'held', id: 'unwanted' });
});

test('the client of a session cancels its own request, and not that of others', async () => {
  const { headers } = await Session.open(first);
  const ask = (id: number) => {
    const { body } = sessionRequest('tools/call', { name: 'held', arguments: { id: 'session' } });
    const one = leavable(first, 'held', 'session', { headers, body: { ...body, id } });
    // Who cancelled is not answered, but keeps its connection.
    onTestFinished(one.leave);
    return one;
  };
  const cancel = (requestId: number) => {
    const body = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } };
    return send(second, { headers, body });
  };
  ask(1);
  await began('held', 'session');
  const [other] = await follow('held', 2, () => [ask(2), ask(3)]);
  await cancel(1);
  await cancel(3);
  cluster.release('session');
  expect(textOf((await other?.answer)?.message ?? {})).toContain('held session');
  expect(runs('held', 'session')).toBe(1);
});

test('when all requests of a session are cancelled the work stops', async () => {
  const { headers } = await Session.open(first);
  const { body } = sessionRequest('tools/call', { name: 'held', arguments: { id: 'all cancelled' } });
  onTestFinished(leavable(first, 'held', '', { headers, body }).leave);
  await began('held', 'all cancelled');
  const params = { requestId: 1 };
  await send(second, { headers, body: { jsonrpc: '2.0', method: 'notifications/cancelled', params } });
  await cluster.logged('aborted', { tool: 'held', id: 'all cancelled' });
});

test('sessions have their own, unless the tool says who shares', async () => {
  const sessions = await Promise.all([first, second].map((url) => Session.open(url)));
  const call = (tool: string) =>
    sessions.map((session, n) =>
      session.request([first, second][n] ?? '', 'tools/call', { name: tool, arguments: { id: tool } }),
    );
  const own = call('held');
  await vi.waitFor(() => expect(runs('held', 'held')).toBe(2));
  const shared = await follow('held_by_tenant', 1, () => call('held_by_tenant'));
  for (const id of ['held', 'held_by_tenant']) cluster.release(id);
  await Promise.all([...own, ...shared]);
  expect(runs('held_by_tenant', 'held_by_tenant')).toBe(1);
});

test('a client that is asked is asked for itself', async () => {
  const asking = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
  const ask = (url: string) =>
    send(url, modernRequest('tools/call', { name: 'asks', arguments: { id: 'each' } }, asking));
  const answers = await Promise.all([first, second, first].map(ask));
  const results = answers.map(({ message }) => message.result);
  expect(results.map((result) => result?.['resultType'])).toEqual(Array(3).fill('input_required'));
  expect(runs('asks', 'each')).toBe(3);
});

test('the clients of sessions are asked each in its own', async () => {
  const names = ['Ada', 'Bob', 'Cyd'];
  const greetings = names.map(async (name, n) => {
    const session = await Session.open(n % 2 ? first : second, { capabilities: { elicitation: {} } });
    const stream = await session.call(n % 2 ? first : second, 'asks', { id: 'sessions' });
    onTestFinished(() => stream.drop());
    const { message } = await stream.message();
    expect(message).toMatchObject({ method: 'elicitation/create' });
    await session.post(first, { id: message['id'], result: { action: 'accept', content: { name } } });
    return textOf((await stream.message()).message);
  });
  expect(await Promise.all(greetings)).toEqual(names.map((name) => `Hello, ${name}!`));
});

test('a refusal of the tool is everybody’s', async () => {
  const bad = sessionRequest('tools/call', { name: 'held', arguments: {} });
  const answers = await Promise.all([first, second, first].map((url) => send(url, bad)));
  for (const { message } of answers) expect(message.error?.data).toMatchObject({ name: 'invalid_params' });
});

test('when the worker of the leader dies, all get the answer of another run', async () => {
  const leader = send(first, toolCall('held', { id: 'worker' }));
  const worker = await began('held', 'worker');
  const [other] = await follow('held', 1, () => [send(second, toolCall('held', { id: 'worker' }))]);
  await Promise.all([worker.kill('SIGKILL'), cluster.startWorker()]);
  await vi.waitFor(() => expect(runs('held', 'worker')).toBe(2), { timeout: 10_000 });
  cluster.release('worker');
  const texts = [await leader, await other].map((answer) => textOf(answer?.message ?? {}));
  expect(texts[0]).toContain('held worker');
  expect(texts[1]).toBe(texts[0]);
});

test('when the front door of the leader dies, a follower makes the call', async () => {
  const door = await cluster.startFrontDoor();
  const leader = send(cluster.urls.at(-1) ?? '', toolCall('held', { id: 'door' }));
  leader.catch(() => 'its front door is killed');
  await began('held', 'door');
  const others = await follow('held', 2, () =>
    [first, second].map((url) => send(url, toolCall('held', { id: 'door' }))),
  );
  await door.kill('SIGKILL');
  await vi.waitFor(() => expect(runs('held', 'door')).toBe(2), { timeout: 12_000, interval: 100 });
  // Each notices by itself, and then finds the one that was first.
  await vi.waitFor(async () => expect(await largestFlight()).toBe(2), { timeout: 5_000, interval: 50 });
  cluster.release('door');
  const texts = (await Promise.all(others)).map(({ message }) => textOf(message));
  expect(texts[0]).toContain('held door');
  expect(texts[1]).toBe(texts[0]);
  expect(runs('held', 'door')).toBe(2);
}, 20_000);

test('a front door that is stopped hands what others wait for over to them', async () => {
  const door = await cluster.startFrontDoor({ MILLRACE_SHUTDOWN_TIMEOUT_MS: '200' });
  const leader = send(cluster.urls.at(-1) ?? '', toolCall('held', { id: 'stopped' }));
  leader.catch(() => 'its front door is stopped');
  await began('held', 'stopped');
  const [other] = await follow('held', 1, () => [send(second, toolCall('held', { id: 'stopped' }))]);
  const exited = door.exited;
  // It cuts the leader off, and says so by its exit code.
  door.expectDeath();
  door.kill('SIGTERM');
  await vi.waitFor(() => expect(runs('held', 'stopped')).toBe(2), { timeout: 5_000, interval: 50 });
  cluster.release('stopped');
  expect(textOf((await other)?.message ?? {})).toContain('held stopped');
  await exited;
});
