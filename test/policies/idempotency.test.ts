import { IDEMPOTENCY_META_KEY } from '@millrace/protocol';
import { afterAll, expect, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { metricOf } from '../support/metric.ts';
import { Session, textOf } from '../support/session.ts';
import { TASKS_META } from '../support/tasks.ts';
import { modernRequest, send, toolCall, type WireRequest } from '../support/wire.ts';

/**
 * A client that cannot tell whether its call took effect makes it again with the same idempotency key, on any front
 * door, and gets what became of the first one. The tool is not run a second time.
 */
const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['sharing', 'tasks'],
  workerEnv: { MILLRACE_LOCK_MS: '1000' },
});
afterAll(() => cluster.stop());
const [first = '', second = ''] = cluster.urls;

function runs(tool: string, id: string): number {
  return cluster.workers.flatMap((worker) => worker.logs.having('ran', { tool, id })).length;
}

function keyed(key: string, tool: string, id: string): WireRequest {
  return toolCall(tool, { id }, { [IDEMPOTENCY_META_KEY]: key });
}

async function textAt(url: string, request: WireRequest): Promise<string | undefined> {
  return textOf((await send(url, request)).message);
}

test('the same key gives the same result, on every front door', async () => {
  const text = await textAt(first, keyed('one', 'effect', 'a'));
  expect(text).toContain('effect a');
  expect(await textAt(first, keyed('one', 'effect', 'a'))).toBe(text);
  expect(await textAt(second, keyed('one', 'effect', 'a'))).toBe(text);
  expect(runs('effect', 'a')).toBe(1);
});

test('replays are counted by tool', async () => {
  const labels = { tool: 'effect' };
  const replays = () => metricOf(cluster.adminUrls[1], 'millrace_idempotency_replays_total', labels);
  await textAt(first, keyed('counted', 'effect', 'counted'));
  const before = await replays();
  await textAt(second, keyed('counted', 'effect', 'counted'));
  expect(await replays()).toBe(before + 1);
});

test('a header says it as well, with or without the quotation marks of its standard', async () => {
  const call = (key: string) => {
    const { headers, body } = toolCall('effect', { id: 'header' });
    return { headers: { ...headers, 'Idempotency-Key': key }, body };
  };
  const text = await textAt(first, call('by-header'));
  expect(await textAt(second, call('"by-header"'))).toBe(text);
  expect(await textAt(second, keyed('by-header', 'effect', 'header'))).toBe(text);
});

test('another key, or none, is another call', async () => {
  const texts = [
    await textAt(first, keyed('two', 'effect', 'b')),
    await textAt(first, keyed('three', 'effect', 'b')),
    await textAt(first, toolCall('effect', { id: 'b' })),
    await textAt(first, toolCall('effect', { id: 'b' })),
  ];
  expect(new Set(texts).size).toBe(4);
});

test('the same key is another one for another tool', async () => {
  const text = await textAt(first, keyed('tools', 'effect', 'c'));
  expect(await textAt(first, keyed('tools', 'plain', 'c'))).not.toBe(text);
});

test('a key that was used with other arguments is a conflict', async () => {
  await textAt(first, keyed('conflict', 'effect', 'd'));
  const { message } = await send(second, keyed('conflict', 'effect', 'e'));
  expect(message.error).toMatchObject({
    code: -32602,
    data: { name: 'idempotency_conflict', type: 'conflict', retryable: false, details: { tool: 'effect' } },
  });
  expect(runs('effect', 'e')).toBe(0);
});

test.each([
  ['empty', '', undefined],
  ['too long', 'x'.repeat(256), undefined],
  ['no text', 7, undefined],
  ['not that of the header', 'a', 'b'],
])('a key that is %s is refused, and the answer names the field', async (_, key, header) => {
  const { headers, body } = toolCall('effect', { id: 'bad' }, { [IDEMPOTENCY_META_KEY]: key });
  const own = header === undefined ? {} : { 'idempotency-key': header };
  const { message } = await send(first, { headers: { ...headers, ...own }, body });
  expect(message.error).toMatchObject({
    code: -32602,
    data: { name: 'invalid_params', details: { field: `_meta["${IDEMPOTENCY_META_KEY}"]` } },
  });
  expect(runs('effect', 'bad')).toBe(0);
});

test('while the first one runs the others wait, and get its result', async () => {
  const call = (url: string) => textAt(url, keyed('waiting', 'held_with_effect', 'waiting'));
  const running = call(first);
  await cluster.logged('ran', { tool: 'held_with_effect', id: 'waiting' });
  const waiting = [call(first), call(second), call(second)];
  const other = await send(second, keyed('waiting', 'held_with_effect', 'other'));
  expect(other.message.error?.data).toMatchObject({ name: 'idempotency_conflict' });
  cluster.release('waiting');
  const text = await running;
  expect(text).toContain('held_with_effect waiting');
  expect(await Promise.all(waiting)).toEqual([text, text, text]);
  expect(runs('held_with_effect', 'waiting')).toBe(1);
});

test('who waits is told when the time of its own call is over', async () => {
  const door = await cluster.startFrontDoor({
    MILLRACE_CALL_TIMEOUT_MS: '300',
    MILLRACE_RATE_LIMIT_TIMEOUT_MS: '200',
  });
  const running = textAt(first, keyed('late', 'held_with_effect', 'late'));
  await cluster.logged('ran', { tool: 'held_with_effect', id: 'late' });
  const { message } = await send(cluster.urls.at(-1) ?? '', keyed('late', 'held_with_effect', 'late'));
  expect(message.error?.data).toMatchObject({ name: 'deadline_exceeded' });
  cluster.release('late');
  await running;
  door.kill('SIGTERM');
  await door.exited;
});

test('a key is forgotten after its time: the call then runs again', async () => {
  const ttlMs = 1_500;
  const door = await cluster.startFrontDoor({
    MILLRACE_CALL_TIMEOUT_MS: '1500',
    MILLRACE_IDEMPOTENCY_TTL_MS: String(ttlMs),
  });
  const call = () => textAt(cluster.urls.at(-1) ?? '', keyed('expires', 'effect', 'expires'));
  await door.logs.first('the catalogue changed', { workers: 2 });
  const begunAt = Date.now();
  const text = await call();
  // Replays do not make it live longer.
  await vi.waitFor(async () => expect(await call()).not.toBe(text), { timeout: 10_000 });
  expect(Date.now() - begunAt).toBeGreaterThanOrEqual(ttlMs);
  expect(runs('effect', 'expires')).toBe(2);
  await door.kill('SIGTERM');
});

test('a failure of the tool is its result, too', async () => {
  const fail = (url: string) => send(url, keyed('fails', 'effect_that_fails', 'f'));
  const { message } = await fail(first);
  expect(message.result).toMatchObject({ isError: true });
  expect((await fail(second)).message.result).toEqual(message.result);
  expect(runs('effect_that_fails', 'f')).toBe(1);
});

test('a call that never ran leaves its key free', async () => {
  const bad = toolCall('effect', { id: 7 }, { [IDEMPOTENCY_META_KEY]: 'refused' });
  expect((await send(first, bad)).message.error?.data).toMatchObject({ name: 'invalid_params' });
  expect(await textAt(second, keyed('refused', 'effect', 'now right'))).toContain('now right');
});

test('a client that lost its connection finds the result of its call', async () => {
  const { headers, body } = keyed('dropped', 'held_with_effect', 'dropped');
  const away = new AbortController();
  const dropped = fetch(first, { method: 'POST', headers, body: JSON.stringify(body), signal: away.signal });
  const worker = await cluster.logged('ran', { tool: 'held_with_effect', id: 'dropped' });
  away.abort();
  await expect(dropped).rejects.toThrow();
  const again = textAt(second, keyed('dropped', 'held_with_effect', 'dropped'));
  cluster.release('dropped');
  expect(await again).toContain('held_with_effect dropped');
  expect(worker.logs.having('aborted', { id: 'dropped' })).toEqual([]);
  expect(runs('held_with_effect', 'dropped')).toBe(1);
});

test('the result outlives the front door that the call was made through', async () => {
  const door = await cluster.startFrontDoor();
  const lost = send(cluster.urls.at(-1) ?? '', keyed('door', 'held_with_effect', 'door'));
  lost.catch(() => 'its front door is killed');
  await cluster.logged('ran', { tool: 'held_with_effect', id: 'door' });
  await door.kill('SIGKILL');
  const again = textAt(second, keyed('door', 'held_with_effect', 'door'));
  cluster.release('door');
  expect(await again).toContain('held_with_effect door');
  expect(await textAt(first, keyed('door', 'held_with_effect', 'door'))).toBe(await again);
  expect(runs('held_with_effect', 'door')).toBe(1);
});

test('a worker that dies leaves an outcome that is not known, and the tool is not run again', async () => {
  const call = (url: string) => send(url, keyed('worker', 'held_with_effect', 'worker'));
  const lost = call(first);
  const worker = await cluster.logged('ran', { tool: 'held_with_effect', id: 'worker' });
  await Promise.all([worker.kill('SIGKILL'), cluster.startWorker()]);
  const { message } = await lost;
  expect(message.error?.data).toMatchObject({ name: 'worker_lost' });
  expect((await call(second)).message.error).toEqual(message.error);
  expect(runs('held_with_effect', 'worker')).toBe(1);
});

test('a tool that may run twice is run by another worker then, and that is the result', async () => {
  const call = (url: string) => textAt(url, keyed('again', 'held_repeatable', 'again'));
  const calls = [call(first), call(second)];
  const worker = await cluster.logged('ran', { tool: 'held_repeatable', id: 'again' });
  await Promise.all([worker.kill('SIGKILL'), cluster.startWorker()]);
  await vi.waitFor(() => expect(runs('held_repeatable', 'again')).toBe(2), { timeout: 10_000 });
  cluster.release('again');
  const [one, other] = await Promise.all(calls);
  expect(one).toContain('held_repeatable again');
  expect([other, await call(second)]).toEqual([one, one]);
});

test('a result is replayed in the form of the revision that asks for it', async () => {
  const session = await Session.open(first);
  const _meta = { [IDEMPOTENCY_META_KEY]: 'eras' };
  const params = { name: 'effect', arguments: { id: 'eras' }, _meta };
  const { message } = await session.request(first, 'tools/call', params);
  expect(message.result).not.toHaveProperty('resultType');
  const modern = await send(second, modernRequest('tools/call', params, _meta));
  expect(modern.message.result).toMatchObject({ ...message.result, resultType: 'complete' });
  expect(runs('effect', 'eras')).toBe(1);
});

test('a call that asks its client is finished under its key once it was answered', async () => {
  const meta = {
    [IDEMPOTENCY_META_KEY]: 'asks',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
  };
  const ask = (more: object = {}) =>
    send(first, modernRequest('tools/call', { name: 'asks', arguments: { id: 'key' }, ...more }, meta));
  const { message } = await ask();
  expect(message.result).toMatchObject({ resultType: 'input_required' });
  const { requestState } = message.result ?? {};
  const inputResponses = { 'input-1': { action: 'accept', content: { name: 'Ada' } } };
  const greeted = await ask({ requestState, inputResponses });
  expect(textOf(greeted.message)).toBe('Hello, Ada!');
  expect((await ask({ requestState, inputResponses })).message.result).toEqual(greeted.message.result);
});

test('a call that becomes a task gives the same task', async () => {
  const start = (url: string) =>
    send(url, toolCall('work', { key: 'keyed' }, { ...TASKS_META, [IDEMPOTENCY_META_KEY]: 'task' }));
  const [one, other] = [await start(first), await start(second)];
  expect(one.message.result).toMatchObject({ resultType: 'task' });
  expect(other.message.result).toEqual(one.message.result);
  cluster.release('keyed');
});

test('a call with a key is a call of its own: neither the cache nor others answer it', async () => {
  await textAt(first, toolCall('for_all', { id: 'keyed' }));
  const text = await textAt(first, keyed('cached', 'for_all', 'keyed'));
  expect(await textAt(second, keyed('cached', 'for_all', 'keyed'))).toBe(text);
  expect(runs('for_all', 'keyed')).toBe(2);
});
