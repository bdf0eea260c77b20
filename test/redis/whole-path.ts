import { expect } from 'vitest';
import type { Cluster } from '../support/cluster.ts';
import { Session, textOf } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { startTask, taskIs } from '../support/tasks.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

/** What a cluster needs for `wholePath`. */
export const WHOLE_PATH = {
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'counting', 'tasks', 'resilience', 'asking'],
} as const;

/** Uses all that a cluster does with Redis, through two front doors. Rejects where something of it does not work. */
export async function wholePath(cluster: Cluster, name: string): Promise<void> {
  await calls(cluster, name);
  await sharedAnswers(cluster, name);
  await sessions(cluster);
  await tasks(cluster, name);
  await changes(cluster, name);
  await cancellation(cluster, name);
  await policies(cluster);
}

const textOfCall = async (url: string, tool: string, args: object = {}, meta: object = {}) =>
  textOf((await send(url, toolCall(tool, { ...args }, { ...meta }))).message);

async function calls({ urls: [here = '', there = ''] }: Cluster, name: string): Promise<void> {
  const many = Array.from({ length: 40 }, (_, n) =>
    textOfCall(n % 2 ? here : there, 'echo', { text: `${n}` }),
  );
  expect(await Promise.all(many)).toEqual(many.map((_, n) => `${n}`));
  const once = Array.from({ length: 20 }, (_, n) => textOfCall(here, 'book', { key: `${name}.${n}`, ms: 1 }));
  expect(await Promise.all(once)).toEqual(once.map((_, n) => `${name}.${n}`));
}

async function sharedAnswers({ urls: [here = '', there = ''] }: Cluster, name: string): Promise<void> {
  const args = { key: `remembered.${name}`, ms: 1 };
  const twice = [await textOfCall(here, 'remembered', args), await textOfCall(there, 'remembered', args)];
  expect(twice).toEqual([args.key, args.key]);
  const key = { 'io.millrace/idempotency-key': name };
  const booked = await textOfCall(here, 'book', { key: name, ms: 1 }, key);
  expect(await textOfCall(there, 'book', { key: name, ms: 1 }, key)).toBe(booked);
}

async function sessions({ urls: [here = '', there = ''] }: Cluster): Promise<void> {
  const session = await Session.open(here);
  expect(textOf((await session.request(there, 'tools/call', echo('across'))).message)).toBe('across');
  const stream = await session.call(there, 'steps', { count: 2 });
  while (await stream.next());
  expect((await fetch(there, { method: 'DELETE', headers: session.headers })).status).toBe(204);
  expect((await session.request(here, 'tools/call', echo('gone'))).status).toBe(404);
}

async function tasks(cluster: Cluster, name: string): Promise<void> {
  const [here = '', there = ''] = cluster.urls;
  const key = `task.${name}`;
  const id = await startTask(here, 'work', { key });
  await cluster.logged('started', { key });
  cluster.release(key);
  await taskIs(there, id, 'completed');
}

/** Who follows a resource hears of it on the other front door. */
async function changes({ urls: [here = '', there = ''] }: Cluster, name: string): Promise<void> {
  const uri = `note://${name}`;
  const { headers, body } = modernRequest('subscriptions/listen', {
    notifications: { resourceSubscriptions: [uri] },
  });
  const stream = await EventStream.open(there, { method: 'POST', headers, body: JSON.stringify(body) });
  await stream.message();
  await send(here, toolCall('touch', { uri }));
  expect((await stream.message()).message).toMatchObject({ params: { uri } });
  stream.drop();
}

async function cancellation(cluster: Cluster, name: string): Promise<void> {
  const key = `cancelled.${name}`;
  const { headers, body } = toolCall('hold', { key });
  const abort = new AbortController();
  const call = fetch(cluster.url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: abort.signal,
  });
  const gone = expect(call).rejects.toThrow();
  await cluster.logged('started', { key });
  abort.abort();
  await gone;
  await cluster.logged('aborted', { key });
}

/** Limits, and places in the fleet, are counted in Redis; breakers and the demand of pools are read from it. */
async function policies({ urls: [here = '', there = ''], adminUrls: [admin = ''] }: Cluster): Promise<void> {
  const limited = await send(there, toolCall('thousand'));
  expect(Number(limited.headers.get('ratelimit-remaining'))).toBeLessThan(1_000);
  await send(here, toolCall('forgotten'));
  const { status } = await fetch(`${admin}/scaling/default`);
  expect(status).toBe(200);
  expect((await fetch(`${admin}/pools`)).status).toBe(200);
}

function echo(text: string) {
  return { name: 'echo', arguments: { text } };
}
