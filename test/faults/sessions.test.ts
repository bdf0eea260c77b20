import { disconnect } from '@millrace/broker';
import { afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startCluster } from '../support/cluster.ts';
import type { ClusterProcess } from '../support/cluster-process.ts';
import { connectRedis } from '../support/leftovers.ts';
import { Session, textOf } from '../support/session.ts';
import type { EventStream } from '../support/sse.ts';
import { type JsonRpcResponse, readAnswer } from '../support/wire.ts';

/** What becomes of a client with a session when it, its session or its replica fails. */
const CALL_TIMEOUT_MS = 3_000;
const cluster = await startCluster({
  frontDoors: 2,
  plugins: ['fixture', 'asking'],
  frontDoorEnv: { MILLRACE_CALL_TIMEOUT_MS: String(CALL_TIMEOUT_MS), MILLRACE_MAX_BODY_BYTES: '10000' },
});
const redis = await connectRedis(cluster.redisUrl);
afterAll(async () => {
  disconnect(redis);
  await cluster.stop();
});
const [here = '', there = ''] = cluster.urls;

/** One more replica, which the test will kill. */
async function startDoomed(env: Readonly<Record<string, string>> = {}) {
  const replica = await cluster.startFrontDoor(env);
  await replica.logs.first('the catalogue changed', { workers: 1 });
  return { replica, url: cluster.urls.at(-1) ?? '' };
}

/** Kills a replica, with all that is open there. */
async function kill(replica: ClusterProcess, ...streams: EventStream[]): Promise<void> {
  await replica.kill('SIGKILL');
  for (const stream of streams) await expect(stream.next()).rejects.toThrow();
}

const NOT_FOUND = { status: 404, code: -32009, name: 'session_not_found' };

/** What a client of a session is told by each HTTP method. */
async function answersOf(session: Session, url: string) {
  const { headers } = session;
  const answers = [
    await session.request(url, 'ping'),
    await session.post(url, { method: 'notifications/initialized' }),
    await readAnswer(await fetch(url, { headers })),
    await readAnswer(await fetch(url, { headers, method: 'DELETE' })),
  ];
  return answers.map(({ status, message: { error } }) => ({
    status,
    code: error?.code,
    name: error?.data?.['name'],
  }));
}

describe('a session that is not there', () => {
  test('because it never was: 404, whatever is asked', async () => {
    const answers = await answersOf(new Session('made-up'), here);
    expect(answers).toEqual([NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND]);
  });

  test('because it expired: 404, also where it was in use', async () => {
    const { replica, url } = await startDoomed({ MILLRACE_SESSION_IDLE_MS: '200' });
    const session = await Session.open(url);
    expect((await session.request(url, 'ping')).status).toBe(200);
    await expect
      .poll(() => redis.exists(`${cluster.prefix}:session:${session.headers['mcp-session-id']}`))
      .toBe(0);
    for (const at of [url, there]) {
      expect(await answersOf(session, at)).toEqual([NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND]);
    }
    await replica.kill('SIGTERM');
  });
});

test('a late answer of a client is ignored, and logged', async () => {
  const session = await Session.open(here, { capabilities: { elicitation: {} } });
  const call = await session.call(here, 'ask_briefly');
  const { message: question } = await call.message();
  expect(((await call.message()).message as JsonRpcResponse).error?.data?.['name']).toBe('deadline_exceeded');
  const request = question['id'];
  const late = { id: request, result: { action: 'decline' } };
  expect((await session.post(there, late)).status).toBe(202);
  await cluster.logged('a late answer of a client is ignored', { request });
  expect((await session.post(there, late)).status).toBe(202);
  await cluster.frontDoors[1]?.logs.first('an answer that nobody waits for was dropped', { request });
  expect((await session.request(there, 'ping')).status).toBe(200);
});

describe('a replica that is killed', () => {
  test('while it holds a GET stream: the client comes back elsewhere and misses nothing', async () => {
    const { replica, url } = await startDoomed();
    const session = await Session.open(url);
    const touch = (uri: string) => session.request(here, 'tools/call', { name: 'touch', arguments: { uri } });
    for (const uri of ['note://one', 'note://two'])
      await session.request(url, 'resources/subscribe', { uri });
    const stream = await session.stream(url);
    const opened = await stream.next();
    await touch('note://one');
    const told = await stream.message();
    expect(told.message['params']).toEqual({ uri: 'note://one' });
    await kill(replica, stream);
    await touch('note://two');

    for (const last of [told.id, opened?.id]) {
      const back = await session.stream(there, last);
      const uris: unknown[] = [];
      while (!uris.includes('note://two')) {
        uris.push(((await back.message()).message['params'] as { uri: string }).uri);
      }
      expect(uris).toContain('note://one');
      back.drop();
    }
  });

  test('while it writes an answer: the client gets the rest elsewhere', async () => {
    const { replica, url } = await startDoomed();
    const session = await Session.open(url);
    const call = await session.call(url, 'advance', { key: 'orphan' }, 7);
    const marker = await call.next();
    const progress = await call.message();
    await kill(replica, call);
    const resumed = await session.stream(there, progress.id);
    cluster.release('orphan');
    const answer = await resumed.message();
    expect(answer.message).toMatchObject({ id: 7 });
    expect(textOf(answer.message)).toBe('orphan is done');
    expect(await resumed.next()).toBeUndefined();

    const again = await session.stream(here, marker?.id);
    expect((await again.message()).message['method']).toBe('notifications/progress');
    expect(await again.message()).toEqual(answer);
  });

  test('before the client comes back: the answer waits for it', async () => {
    const { replica, url } = await startDoomed();
    const session = await Session.open(url);
    const call = await session.call(url, 'advance', { key: 'left' });
    const { id } = await call.message();
    await kill(replica, call);
    cluster.release('left');
    await cluster.logged('finished', { key: 'left' });
    expect(textOf((await (await session.stream(there, id)).message()).message)).toBe('left is done');
  });

  test('after the client came back elsewhere: the answer is found all the same, by all who wait', async () => {
    const { replica, url } = await startDoomed();
    const session = await Session.open(url);
    const call = await session.call(url, 'advance', { key: 'later' });
    const { id } = await call.message();
    call.drop();
    const resumed = await Promise.all([session.stream(here, id), session.stream(there, id)]);
    await kill(replica);
    cluster.release('later');
    const answers = await Promise.all(resumed.map((stream) => stream.message()));
    expect(answers.map(({ message }) => textOf(message))).toEqual(['later is done', 'later is done']);
  });

  test('while a tool waits for the client: the question comes again, and is answered elsewhere', async () => {
    const { replica, url } = await startDoomed();
    const session = await Session.open(url, { capabilities: { elicitation: {} } });
    const call = await session.call(url, 'greet');
    const marker = await call.next();
    const { message: question } = await call.message();
    await kill(replica, call);
    const resumed = await session.stream(there, marker?.id);
    expect((await resumed.message()).message).toEqual(question);
    await session.post(here, {
      id: question['id'],
      result: { action: 'accept', content: { name: 'Ada' } },
    });
    expect(textOf((await resumed.message()).message)).toBe('Hello, Ada!');
  });
});

describe('a WebSocket', () => {
  const closed = (socket: WebSocket) => new Promise((resolve) => socket.once('close', resolve));

  test.each([
    ['too long', 1009, 'x'.repeat(10_001), { binary: false }],
    ['no UTF-8', 1007, Buffer.from([0xc3, 0x28]), { binary: false }],
  ])('on which a message comes that is %s is closed with %d', async (_, code, data, options) => {
    const socket = new WebSocket(here.replace(/^http(.*)mcp$/, 'ws$1ws'));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(data, options);
    expect(await closed(socket)).toBe(code);
  });
});

test('when worker and front door are lost, the client is told so at the deadline', async () => {
  const { replica, url } = await startDoomed();
  const session = await Session.open(url);
  const call = await session.call(url, 'advance', { key: 'lost' }, 9);
  const { id } = await call.message();
  await cluster.workers[0]?.kill('SIGKILL');
  await kill(replica, call);
  const { message } = await (await session.stream(there, id)).message();
  expect(message).toMatchObject({
    id: 9,
    error: { code: -32001, message: expect.stringMatching(/lost with its front door/) },
  });
});
