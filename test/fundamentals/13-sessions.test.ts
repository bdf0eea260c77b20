import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { Session, textOf } from '../support/session.ts';
import { type JsonRpcResponse, readAnswer } from '../support/wire.ts';

/**
 * Clients of the 2025 revisions have sessions. All that a session is lies in Redis, so any replica serves any
 * request of any session, resumes its streams, and takes the answers of its client.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 1, plugins: ['fixture', 'asking'] });
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

const echo = (text: string) => ({ name: 'echo', arguments: { text } });

test('a session made on one replica is served by the other', async () => {
  const session = await Session.open(here);
  expect(textOf((await session.request(there, 'tools/call', echo('hi'))).message)).toBe('hi');
});

test('a session that was ended is unknown everywhere, as is one that never was', async () => {
  const session = await Session.open(here);
  await session.request(there, 'ping');
  const { status } = await fetch(here, { method: 'DELETE', headers: session.headers });
  expect(status).toBe(204);
  await expect.poll(async () => (await session.request(there, 'ping')).status).toBe(404);
  expect((await new Session('made-up').request(here, 'ping')).message.error).toMatchObject({
    code: -32009,
    data: { name: 'session_not_found' },
  });
});

test('the log level of a session counts on every replica', async () => {
  const session = await Session.open(here);
  await session.request(here, 'logging/setLevel', { level: 'error' });
  const quiet = () => session.request(there, 'tools/call', { name: 'steps', arguments: { count: 1 } });
  expect((await quiet()).headers.get('content-type')).toBe('application/json');
  await session.request(there, 'logging/setLevel', { level: 'debug' });
  await expect.poll(async () => (await quiet()).text).toContain('about to take step 1');
  expect((await session.request(here, 'logging/setLevel', { level: 'loud' })).message.error?.message).toMatch(
    /^level: expected one of debug, info/,
  );
});

test('an answer that a client lost half-way is resumed on the other replica', async () => {
  const session = await Session.open(here);
  const lost = await session.call(here, 'advance', { key: 'resumed' });
  const marker = await lost.next();
  expect(marker?.message).toBeUndefined();
  const progress = await lost.message();
  lost.drop();
  const resumed = await session.stream(there, progress.id);
  cluster.release('resumed');
  expect(textOf((await resumed.message()).message)).toBe('resumed is done');
  expect(await resumed.next()).toBeUndefined();

  const again = await session.stream(here, marker?.id);
  expect((await again.message()).message['method']).toBe('notifications/progress');
  expect(textOf((await again.message()).message)).toBe('resumed is done');
});

test('nobody resumes a stream of another session', async () => {
  const session = await Session.open(here);
  const call = await session.call(here, 'steps', { count: 1 });
  const { id = '' } = await call.message();
  const stranger = await Session.open(here);
  for (const wrong of [id, 'made-up', 'at:x']) {
    const headers = { ...stranger.headers, 'last-event-id': wrong };
    const { status, message } = await readAnswer(await fetch(there, { headers }));
    expect({ status, name: message.error?.data?.['name'] }).toEqual({ status: 400, name: 'unknown_event' });
  }
});

test('a client cancels a request on any replica', async () => {
  const session = await Session.open(here);
  const call = await session.call(here, 'advance', { key: 'cancelled' }, 7);
  await call.message();
  const cancelled = await session.post(there, {
    method: 'notifications/cancelled',
    params: { requestId: 7 },
  });
  expect(cancelled.status).toBe(202);
  await cluster.logged('aborted', { key: 'cancelled' });
});

test('a tool asks the client, who answers on the other replica', async () => {
  const session = await Session.open(here, { capabilities: { elicitation: {} } });
  const call = await session.call(here, 'greet');
  const { message: question } = await call.message();
  expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'Who are you?' } });
  const answer = { id: question['id'], result: { action: 'accept', content: { name: 'Ada' } } };
  const stranger = await Session.open(here);
  expect((await stranger.post(there, answer)).status).toBe(202);
  expect((await session.post(there, answer)).status).toBe(202);
  expect(textOf((await call.message()).message)).toBe('Hello, Ada!');
  expect((await session.post(there, answer)).status).toBe(202);
});

test.each([
  {
    tool: 'summarise',
    capability: 'sampling',
    asked: { method: 'sampling/createMessage', params: { maxTokens: 20 } },
    answer: { role: 'assistant', content: { type: 'text', text: 'plenty' }, model: 'm-1' },
    said: 'm-1 says: plenty',
  },
  {
    tool: 'list_folders',
    capability: 'roots',
    asked: { method: 'roots/list' },
    answer: { roots: [{ uri: 'file:///mill' }, { uri: 'file:///barn' }] },
    said: 'file:///mill file:///barn',
  },
])('what $tool asks for by $capability is answered on the other replica', async (row) => {
  const session = await Session.open(here, { capabilities: { [row.capability]: {} } });
  const call = await session.call(here, row.tool);
  const { message: question } = await call.message();
  expect(question).toMatchObject(row.asked);
  expect((await session.post(there, { id: question['id'], result: row.answer })).status).toBe(202);
  expect(textOf((await call.message()).message)).toBe(row.said);
});

test('a tool that asks for what the client cannot do tells so, and asks nobody', async () => {
  const session = await Session.open(here, { capabilities: { elicitation: {} } });
  for (const name of ['summarise', 'list_folders']) {
    const { message } = await session.request(there, 'tools/call', { name, arguments: {} });
    expect(message.error?.data?.['name'] ?? textOf(message)).toMatch(/capab/);
  }
});

test('a client that never answers lets the call reach its deadline, and the tool gets an error', async () => {
  const session = await Session.open(here, { capabilities: { elicitation: {} } });
  const call = await session.call(here, 'ask_briefly');
  const { message: question } = await call.message();
  const { message } = await call.message();
  expect((message as JsonRpcResponse).error?.data?.['name']).toBe('deadline_exceeded');
  const [worker] = cluster.workers;
  expect(await worker?.logs.first('asked in vain')).toMatchObject({
    name: 'MillraceError',
    message: 'ask_briefly was not finished by its deadline',
  });
  const late = { id: question['id'], result: { action: 'decline' } };
  expect((await session.post(here, late)).status).toBe(202);
});

test('a client hears of the resources that it follows, also of what it missed', async () => {
  const session = await Session.open(here);
  await session.request(there, 'resources/subscribe', { uri: 'note://followed' });
  const stream = await session.stream(here);
  await stream.next();
  await session.request(there, 'tools/call', { name: 'touch', arguments: { uri: 'note://other' } });
  await session.request(there, 'tools/call', { name: 'touch', arguments: { uri: 'note://followed' } });
  const updated = await stream.message();
  expect(updated.message).toMatchObject({
    method: 'notifications/resources/updated',
    params: { uri: 'note://followed' },
  });
  stream.drop();

  await session.request(there, 'resources/subscribe', { uri: 'note://missed' });
  await session.request(there, 'tools/call', { name: 'touch', arguments: { uri: 'note://missed' } });
  const back = await session.stream(there, updated.id);
  const uris = new Set<unknown>();
  while (!uris.has('note://missed')) {
    uris.add(((await back.message()).message['params'] as { uri: string }).uri);
  }
  back.drop();
});

test('a session outlives the replica that it was made on', async () => {
  const session = await Session.open(here, { capabilities: { elicitation: {} } });
  const call = await session.call(there, 'advance', { key: 'survivor' });
  await call.message();
  const [replica] = cluster.frontDoors;
  replica?.kill('SIGKILL');
  await replica?.exited;
  expect(textOf((await session.request(there, 'tools/call', echo('still here'))).message)).toBe('still here');
  cluster.release('survivor');
  expect(textOf((await call.message()).message)).toBe('survivor is done');
});
