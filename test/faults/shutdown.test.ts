import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventsOf, modernRequest, send, toolCall } from '../support/wire.ts';

const cluster = await startCluster();
afterAll(() => cluster.stop());

/** More than within which two signals are one. */
const ECHO_MS = 600;

const ENDED_WELL = { code: 0, signal: null };
const CUT_WORK_OFF = { code: 1, signal: null };
const urlOf = () => cluster.urls.at(-1) ?? '';

/** A call that runs until its key is released. */
async function startHolding(key: string) {
  const answer = send(urlOf(), toolCall('hold', { key }));
  const worker = await cluster.logged('started', { key });
  return { answer, worker };
}

test.each(['SIGTERM', 'SIGINT'] as const)('a worker lets a running call finish at %s', async (signal) => {
  const { answer, worker } = await startHolding(signal);
  const exit = worker.kill(signal);
  await worker.logs.first('stopping');
  cluster.release(signal);
  expect((await answer).message.result).toMatchObject({ content: [{ text: `${signal} is done` }] });
  expect(await exit).toEqual(ENDED_WELL);
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  await cluster.startWorker();
  await came;
});

test('a worker that stops takes nothing new: what is called meanwhile goes to another', async () => {
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 2 });
  await cluster.startWorker();
  await came;
  const { answer, worker } = await startHolding('old');
  const exit = worker.kill('SIGTERM');
  await cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  for (let n = 0; n < 5; n += 1) {
    const where = await send(cluster.url, toolCall('where_am_i'));
    expect(where.message.result).not.toMatchObject({ content: [{ text: String(worker.pid) }] });
  }
  cluster.release('old');
  expect((await answer).message.result).toBeDefined();
  expect(await exit).toEqual(ENDED_WELL);
});

test('a front door lets a running call finish', async () => {
  const frontDoor = await cluster.startFrontDoor();
  await cluster.seesWorkers(1);
  const { answer } = await startHolding('through the door');
  const exit = frontDoor.kill('SIGTERM');
  await frontDoor.logs.first('stopping');
  cluster.release('through the door');
  expect((await answer).message.result).toMatchObject({ content: [{ text: 'through the door is done' }] });
  expect(await exit).toEqual(ENDED_WELL);
});

test('a front door does not wait for connections on which nothing is asked', async () => {
  const frontDoor = await cluster.startFrontDoor();
  const idle = createConnection({ host: '127.0.0.1', port: Number(new URL(urlOf()).port) });
  await once(idle, 'connect');
  await cluster.seesWorkers(1);
  expect((await send(urlOf(), toolCall('echo', { text: 'x' }))).status).toBe(200);
  expect(await frontDoor.kill('SIGTERM')).toEqual(ENDED_WELL);
  idle.destroy();
});

/** The only worker, with little time to stop. */
async function startHurriedWorker() {
  cluster.urls.splice(1);
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  await Promise.all(cluster.workers.filter(({ running }) => running).map((worker) => worker.kill('SIGTERM')));
  await cluster.startWorker({ MILLRACE_SHUTDOWN_TIMEOUT_MS: '300' });
  await came;
}

test('at its deadline a worker hands back what may run again: another one answers', async () => {
  await startHurriedWorker();
  const { answer, worker } = await startHolding('handed back');
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 2 });
  const other = await cluster.startWorker();
  await came;
  const exit = worker.kill('SIGTERM');
  await worker.logs.first('calls were handed back', { calls: 1 });
  await other.logs.first('started', { key: 'handed back' });
  other.release('handed back');
  expect((await answer).message.result).toMatchObject({ content: [{ text: 'handed back is done' }] });
  expect(await exit).toEqual(ENDED_WELL);
});

test('what must not run twice is stopped at the deadline, its caller told, and the exit code is 1', async () => {
  await startHurriedWorker();
  const answer = send(cluster.url, toolCall('charge', { key: 'too long' }));
  const worker = await cluster.logged('started', { key: 'too long' });
  worker.expectDeath();
  const exit = worker.kill('SIGTERM');
  const aborted = await worker.logs.first('aborted', { key: 'too long' });
  expect(aborted['reason']).toContain('shutting down');
  expect((await answer).message.error).toMatchObject({
    code: -32006,
    data: { name: 'shutting_down', retryable: false },
  });
  expect(await exit).toEqual(CUT_WORK_OFF);
  const line = await worker.logs.first('failed to stop');
  expect(line['err']).toMatchObject({ message: expect.stringContaining('neither end nor be handed back') });
});

test.each(['HTTP', 'WebSocket'] as const)(
  'a front door at its deadline cuts off what is not answered over %s: the exit code is 1',
  async (transport) => {
    const worker = await cluster.startWorker();
    const frontDoor = await cluster.startFrontDoor({ MILLRACE_SHUTDOWN_TIMEOUT_MS: '300' });
    await frontDoor.logs.first('the catalogue changed', { workers: 1 });
    const broken = transport === 'HTTP' ? brokenRequest(transport) : brokenWebSocket(transport);
    await worker.logs.first('started', { key: transport });
    frontDoor.expectDeath();
    expect(await frontDoor.kill('SIGTERM')).toEqual(CUT_WORK_OFF);
    const line = await frontDoor.logs.first('failed to stop');
    expect(line['err']).toMatchObject({ message: expect.stringContaining('cut off') });
    await broken;
    worker.release(transport);
    const gone = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 0 });
    await worker.kill('SIGTERM');
    await gone;
  },
);

/** Resolves when the connection of a call breaks before its answer. */
function brokenRequest(key: string): Promise<void> {
  return expect(send(urlOf(), toolCall('hold', { key }))).rejects.toThrow();
}

async function brokenWebSocket(key: string): Promise<void> {
  const socket = new WebSocket(urlOf().replace(/^http(.*)mcp$/, 'ws$1ws'));
  const closed = once(socket, 'close') as Promise<[CloseEvent]>;
  await once(socket, 'open');
  socket.send(JSON.stringify(toolCall('hold', { key }).body));
  expect((await closed)[0].code).toBe(1006);
}

test.each(['worker', 'front door'] as const)('a second signal ends a %s at once, with 1', async (role) => {
  const came = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 1 });
  const worker = await cluster.startWorker();
  await came;
  const frontDoor = await cluster.startFrontDoor();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const answer = send(urlOf(), toolCall('hold', { key: role })).catch((error: Error) => error);
  await worker.logs.first('started', { key: role });
  const victim = role === 'worker' ? worker : frontDoor;
  victim.expectDeath();
  void victim.kill('SIGTERM');
  await victim.logs.first('stopping');
  // A signal that comes with the first one is its echo.
  await new Promise((resolve) => setTimeout(resolve, ECHO_MS));
  expect(await victim.kill('SIGTERM')).toEqual(CUT_WORK_OFF);
  if (role === 'worker') await cluster.startWorker().then((next) => next.release(role));
  cluster.release(role);
  await answer;
  const rest = cluster.workers.filter(({ running }) => running);
  const gone = cluster.frontDoors[0]?.logs.next('the catalogue changed', { workers: 0 });
  await Promise.all(rest.map((one) => one.kill('SIGTERM')));
  await gone;
});

test('a front door is not ready first, serves on for a while, and sends its clients elsewhere', async () => {
  await cluster.startWorker();
  const frontDoor = await cluster.startFrontDoor({ MILLRACE_SHUTDOWN_DELAY_MS: '700' });
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const exit = frontDoor.kill('SIGTERM');
  await frontDoor.logs.first('stopping');
  expect((await fetch(`${cluster.adminUrls.at(-1)}/readyz`)).status).toBe(503);
  const answer = await send(urlOf(), toolCall('echo', { text: 'still here' }));
  expect(answer.message.result).toMatchObject({ content: [{ text: 'still here' }] });
  expect(answer.headers.get('connection')).toBe('close');
  expect(await exit).toEqual(ENDED_WELL);
});

test('streams that would never end are closed with a hint when to come back', async () => {
  const frontDoor = await cluster.startFrontDoor();
  const { headers, body } = modernRequest('subscriptions/listen', {
    notifications: { toolsListChanged: true },
  });
  const stream = await fetch(urlOf(), { method: 'POST', headers, body: JSON.stringify(body) });
  const exit = frontDoor.kill('SIGTERM');
  const text = await stream.text();
  expect(text).toMatch(/\nretry: 500\n/);
  expect(eventsOf(text)).toHaveLength(2);
  expect(await exit).toEqual(ENDED_WELL);
});
