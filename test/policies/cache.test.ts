import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { textOf } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

/**
 * A tool that says for how long its results hold is not run again in that time, whichever front door is asked. Whoever
 * changes what they tell of invalidates them by their tags.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 2, plugins: ['sharing'] });
afterAll(() => cluster.stop());
const [first = '', second = ''] = cluster.urls;

interface Reading {
  readonly contents: [{ readonly text: string }];
  readonly ttlMs: number;
  readonly cacheScope: string;
}

function runs(tool: string, id: string): number {
  return cluster.workers.flatMap((worker) => worker.logs.having('ran', { tool, id })).length;
}

async function call(url: string, tool: string, id: string): Promise<string | undefined> {
  const { message } = await send(url, toolCall(tool, { id }));
  return textOf(message);
}

async function read(url: string, uri: string) {
  const { message } = await send(url, modernRequest('resources/read', { uri }));
  const { contents, ttlMs, cacheScope } = message.result as unknown as Reading;
  return { text: contents[0].text, ttlMs, cacheScope };
}

/** Calls until the text differs. @returns how long that took, in milliseconds */
async function untilOther(
  than: string | undefined,
  again: () => Promise<string | undefined>,
): Promise<number> {
  const begun = performance.now();
  await vi.waitFor(async () => expect(await again()).not.toBe(than), { timeout: 5_000, interval: 20 });
  return performance.now() - begun;
}

async function cacheReads(admin: string | undefined, level: string, outcome: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const line = text.match(
    new RegExp(`millrace_cache_reads_total\\{level="${level}",outcome="${outcome}"\\} (\\d+)`),
  );
  return Number(line?.[1] ?? 0);
}

test('a result is kept, on this front door and on all others', async () => {
  const text = await call(first, 'for_all', 'a');
  expect(await call(first, 'for_all', 'a')).toBe(text);
  expect(await call(second, 'for_all', 'a')).toBe(text);
  expect(await call(second, 'for_all', 'b')).not.toBe(text);
  expect(runs('for_all', 'a')).toBe(1);
});

test('a hit needs no job on the queue, and the front doors count it', async () => {
  await call(first, 'for_all', 'counted');
  const [jobs, hits, shared] = await Promise.all([
    cluster.jobs(),
    cacheReads(cluster.adminUrls[0], 'l1', 'hit'),
    cacheReads(cluster.adminUrls[1], 'l2', 'hit'),
  ]);
  for (let n = 0; n < 10; n += 1) await call(first, 'for_all', 'counted');
  await call(second, 'for_all', 'counted');
  expect(await cluster.jobs()).toBe(jobs);
  expect(await cacheReads(cluster.adminUrls[0], 'l1', 'hit')).toBe(hits + 10);
  expect(await cacheReads(cluster.adminUrls[1], 'l2', 'hit')).toBe(shared + 1);
});

test('what a front door took from Redis it has in its own memory from then on', async () => {
  await call(first, 'for_all', 'promoted');
  await call(second, 'for_all', 'promoted');
  const before = await cacheReads(cluster.adminUrls[1], 'l1', 'hit');
  await call(second, 'for_all', 'promoted');
  expect(await cacheReads(cluster.adminUrls[1], 'l1', 'hit')).toBe(before + 1);
});

test('arguments are the same in any order, and clients of an era share', async () => {
  const modern = await connectModern(second);
  const session = await connectSession(first);
  const text = await call(first, 'for_all', 'era');
  const again = await modern.callTool({ name: 'for_all', arguments: { id: 'era' } });
  expect(again.content).toEqual([{ type: 'text', text }]);
  // Their results differ in form.
  const older = await session.callTool({ name: 'for_all', arguments: { id: 'era' } });
  expect(older.content).not.toEqual([{ type: 'text', text }]);
  expect(runs('for_all', 'era')).toBe(2);
});

test('when its time is over a tool runs again', async () => {
  const text = await call(first, 'for_now', 'a');
  expect(await untilOther(text, () => call(first, 'for_now', 'a'))).toBeGreaterThan(50);
});

test('errors are not kept, unless the tool says so', async () => {
  expect(await call(first, 'fails', 'a')).not.toBe(await call(first, 'fails', 'a'));
  expect(await call(first, 'fails_for_long', 'a')).toBe(await call(second, 'fails_for_long', 'a'));
  expect([runs('fails', 'a'), runs('fails_for_long', 'a')]).toEqual([2, 1]);
});

test('a question to the client is not kept, and neither is what came of its answer', async () => {
  const asking = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
  const ask = (more: object = {}) =>
    send(first, modernRequest('tools/call', { name: 'asks', arguments: { id: 'a' }, ...more }, asking));
  const states = new Set<unknown>();
  for (let n = 0; n < 2; n += 1) {
    const { message } = await ask();
    expect(message.result?.['resultType']).toBe('input_required');
    states.add(message.result?.['requestState']);
  }
  expect(states.size).toBe(2);
  const [requestState] = states;
  for (const name of ['Ada', 'Bob']) {
    const answer = { action: 'accept', content: { name } };
    const { message } = await ask({ requestState, inputResponses: { 'input-1': answer } });
    expect(message.result?.['content']).toEqual([{ type: 'text', text: `Hello, ${name}!` }]);
  }
});

test('many that miss at once run the tool once: nothing stampedes', async () => {
  const calls = Array.from({ length: 50 }, (_, n) => call(n % 2 ? first : second, 'held_cached', 'stampede'));
  await cluster.logged('ran', { tool: 'held_cached', id: 'stampede' });
  cluster.release('stampede');
  expect(new Set(await Promise.all(calls)).size).toBe(1);
  expect(runs('held_cached', 'stampede')).toBe(1);
});

test('an invalidated tag reaches every front door within a second', async () => {
  const texts = { a: await call(first, 'for_all', 'x'), b: await call(first, 'for_all', 'y') };
  expect(await call(second, 'for_all', 'x')).toBe(texts.a);
  expect(await call(second, 'for_all', 'y')).toBe(texts.b);
  await send(first, toolCall('invalidate', { tags: ['user:x'] }));
  const times = await Promise.all(
    [first, second].map((url) => untilOther(texts.a, () => call(url, 'for_all', 'x'))),
  );
  expect(Math.max(...times)).toBeLessThan(1_000);
  expect(await call(second, 'for_all', 'y')).toBe(texts.b);
});

test('what was begun before an invalidation is not kept after it', async () => {
  const old = call(first, 'held_cached', 'late');
  await cluster.logged('ran', { tool: 'held_cached', id: 'late' });
  await send(second, toolCall('invalidate', { tags: ['users'] }));
  cluster.release('late');
  const text = await old;
  expect(await call(first, 'held_cached', 'late')).not.toBe(text);
  expect(await call(second, 'held_cached', 'late')).not.toBe(text);
});

test('reads of resources are kept, too, and say for how long', async () => {
  const fresh = await read(first, 'shared://list');
  expect(fresh).toMatchObject({ ttlMs: 600_000, cacheScope: 'public' });
  await vi.waitFor(async () => expect((await read(first, 'shared://list')).ttlMs).toBeLessThan(600_000));
  const kept = await read(second, 'shared://list');
  expect(kept.text).toBe(fresh.text);
  expect(kept.ttlMs).toBeGreaterThan(500_000);
  expect(await read(first, 'shared://plain')).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
});

test('each resource of a template has its own, and a private one says so', async () => {
  const [ada, bob] = [await read(first, 'user://ada'), await read(first, 'user://bob')];
  expect(ada.text).not.toBe(bob.text);
  expect(await read(second, 'user://ada')).toMatchObject({ text: ada.text, cacheScope: 'private' });
});

test('a resource that has changed is read again, and by its tags, too', async () => {
  const before = await read(first, 'shared://list');
  expect((await read(second, 'shared://list')).text).toBe(before.text);
  await send(first, toolCall('touch', { uri: 'shared://list' }));
  const again = async (url: string) => (await read(url, 'shared://list')).text;
  await Promise.all([first, second].map((url) => untilOther(before.text, () => again(url))));
  const changed = await again(first);
  await send(first, toolCall('invalidate', { tags: ['users'] }));
  await Promise.all([first, second].map((url) => untilOther(changed, () => again(url))));
});

test('who was told of the change reads what is new', async () => {
  const before = (await read(second, 'user://told')).text;
  await read(first, 'user://told');
  const { headers, body } = modernRequest('subscriptions/listen', {
    notifications: { resourceSubscriptions: ['user://told'] },
  });
  const stream = await EventStream.open(second, { method: 'POST', headers, body: JSON.stringify(body) });
  onTestFinished(() => stream.drop());
  await stream.message();
  await send(first, toolCall('touch', { uri: 'user://told' }));
  expect((await stream.message()).message).toMatchObject({ method: 'notifications/resources/updated' });
  expect((await read(second, 'user://told')).text).not.toBe(before);
});
