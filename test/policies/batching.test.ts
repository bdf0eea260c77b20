import { afterAll, describe, expect, test } from 'vitest';
import { as, makeKey, type TestKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * A tool may take calls of many callers at once. They gather in the worker that took them from the queue, whichever
 * front door and whichever job brought them.
 */
const cluster = await startCluster({
  frontDoors: 2,
  workers: 1,
  plugins: ['batching'],
  workerEnv: { MILLRACE_SLOTS: '4' },
});
const lone = await cluster.startWorker({ MILLRACE_POOLS: 'lone', MILLRACE_SLOTS: '2' });
await cluster.startWorker();
await cluster.seesWorkers(3);
afterAll(() => cluster.stop());

const admin = `http://127.0.0.1:${(await lone.listening()).admin.port}`;
/** Calls that the worker of the lone pool holds. */
const held = async () => ((await (await fetch(`${admin}/readyz`)).json()) as { calls: number }).calls;

const call = (tool: string, text: unknown, door = 0) =>
  send(cluster.urls[door] ?? '', toolCall(tool, { text }));
const resultOf = async (answer: ReturnType<typeof call>) => (await answer).message.result;
const textOf = async (answer: ReturnType<typeof call>) => {
  const { content } = (await resultOf(answer)) as { content: { text: string }[] };
  return content[0]?.text;
};

describe('when a batch leaves', () => {
  test('calls of several front doors and several jobs are answered by one run, as soon as it is full', async () => {
    const before = await cluster.jobs('lone');
    const calls = [...'abcd'].map((text, at) => textOf(call('together', text, at % 2)));
    expect(await Promise.all(calls)).toEqual(['a of abcd', 'b of abcd', 'c of abcd', 'd of abcd']);
    expect((await cluster.jobs('lone')) - before).toBeGreaterThan(1);
  });

  test('a call alone does not wait for others, unless its tool wants that', async () => {
    expect(await textOf(call('picky', 'alone'))).toBe('alone');
    const begun = performance.now();
    expect(await textOf(call('patient', 'alone'))).toBe('one of 1');
    expect(performance.now() - begun).toBeGreaterThan(290);
  });

  test('what comes while a batch runs leaves together after it', async () => {
    const first = textOf(call('held_batch', 'first'));
    await lone.logs.first('batch started', { key: 'first', size: 1 });
    const others = [...'abcde'].map((text, at) => textOf(call('held_batch', text, at % 2)));
    await expect.poll(held).toBe(6);
    for (const key of ['first', ...'abcde']) lone.release(key);
    expect(await first).toBe('first in 1');
    expect(await Promise.all(others)).toEqual([...'abcde'].map((text) => `${text} in 5`));
  });

  test('calls that wait for their batch leave the slots of their worker to others', async () => {
    const waiting = [...'pqr'].map((text) => textOf(call('together', text)));
    await expect.poll(held).toBe(3);
    expect(await textOf(call('plain', ''))).toBe('plain');
    expect(await textOf(call('together', 's'))).toBe('s of pqrs');
    await Promise.all(waiting);
  });
});

describe('one call of a batch', () => {
  test('with wrong arguments never gets into it', async () => {
    const [good, bad] = await Promise.all([call('picky', 'good'), call('picky', 42)]);
    expect(good.message.result).toMatchObject({ content: [{ text: 'good' }] });
    expect(bad.message.error).toMatchObject({ code: -32602, data: { type: 'validation' } });
  });

  test('that the tool refuses fails alone', async () => {
    const [good, bad] = await Promise.all(['ok', 'xy'].map((text) => resultOf(call('picky', text))));
    expect(good).toMatchObject({ content: [{ text: 'ok' }] });
    expect(bad).toMatchObject({
      isError: true,
      content: [{ text: 'xy is not wanted' }],
      _meta: { 'dev.millrace/error': { type: 'validation', details: { text: 'xy' }, retryable: false } },
    });
  });

  test('that is cancelled leaves it, and its place goes to another', async () => {
    const gone = new AbortController();
    const { headers, body } = toolCall('together', { text: 'z' });
    const request = { method: 'POST', headers, body: JSON.stringify(body), signal: gone.signal };
    const cancelled = fetch(cluster.url, request).catch((error: Error) => error.name);
    await expect.poll(held).toBe(1);
    gone.abort();
    expect(await cancelled).toBe('AbortError');
    await expect.poll(held).toBe(0);
    const calls = [...'efgh'].map((text) => textOf(call('together', text)));
    expect(await Promise.all(calls)).toEqual([...'efgh'].map((text) => `${text} of efgh`));
  });

  test('that expires leaves it, and is not run', async () => {
    const { message } = await call('briefly', 'late');
    expect(message.error).toMatchObject({ code: -32001, data: { type: 'timeout' } });
    await expect.poll(held).toBe(0);
    const calls = [...'ijkl'].map((text) => textOf(call('briefly', text)));
    expect(await Promise.all(calls)).toEqual(Array(4).fill('in time'));
    expect(
      lone.logs.having('ran briefly').map(({ texts }) => [...String(texts)].toSorted().join('')),
    ).toEqual(['ijkl']);
  });
});

test('a handler that gives too few results: each call gets an error that says so', async () => {
  const answers = await Promise.all([...'abc'].map((text) => call('too_few', text)));
  for (const { message } of answers) {
    expect(message.error).toMatchObject({
      code: -32603,
      message: 'Tool too_few gave 2 results for a batch of 3 calls',
      data: { name: 'internal_error', details: { results: 2, calls: 3 } },
    });
  }
});

test('the calls of a batch outlive their worker when their tool only reads', async () => {
  const calls = [...'ab'].map((text) => textOf(call('survivor', text)));
  const worker = await cluster.logged('survivor started');
  await worker.kill('SIGKILL');
  const another = cluster.workers.filter((one) => one !== worker && one !== lone);
  await Promise.any(another.map((one) => one.logs.first('survivor started')));
  for (const one of another) one.release('survivor');
  expect(await Promise.all(calls)).toEqual(['a survived', 'b survived']);
});

test('the sizes of the batches are counted', async () => {
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  const [, runs, items] = /items_sum\{tool="too_few"\} (\d+)\n.*items_count\{tool="too_few"\} (\d+)/.exec(
    metrics,
  ) as RegExpExecArray;
  expect([runs, items]).toEqual(['3', '1']);
});

describe('with tenants, and a word of configuration', async () => {
  const policies = { tools: { together: { batch: { maxSize: 2, maxWaitMs: 60_000, eager: false } } } };
  const shared = await startCluster({
    frontDoors: 2,
    workers: 1,
    plugins: ['batching'],
    env: WITH_API_KEYS,
    workerEnv: { MILLRACE_POOLS: 'lone', MILLRACE_POLICIES: JSON.stringify(policies) },
  });
  afterAll(() => shared.stop());
  const [red, blue] = await Promise.all(['red', 'blue'].map((tenant) => makeKey(shared, { tenant })));
  if (!red || !blue) throw new Error('there are no keys');
  const ask = (bearer: TestKey, tool: string, text: string, door: number) =>
    textOf(send(shared.urls[door] ?? '', as(bearer, toolCall(tool, { text }))));

  test('tenants do not meet where the tool says so', async () => {
    const texts = [
      ask(red, 'apart', 'r', 0),
      ask(blue, 'apart', 'b', 0),
      ask(red, 'apart', 's', 1),
      ask(blue, 'apart', 'c', 1),
    ];
    expect(await Promise.all(texts)).toEqual(['r of rs', 'b of bc', 's of rs', 'c of bc']);
  });

  test('configuration says how many go together', async () => {
    const texts = [ask(red, 'together', 'r', 0), ask(blue, 'together', 'b', 1)];
    expect(await Promise.all(texts)).toEqual(['r of br', 'b of br']);
  });

  test('it cannot make batches of a tool that takes one call at a time', async () => {
    const wrong = { MILLRACE_POLICIES: JSON.stringify({ tools: { plain: { batch: {} } } }) };
    const worker = shared.spawn('worker', wrong);
    expect(await worker.exited).toEqual({ code: 1, signal: null });
    expect(`${worker.stderr}${JSON.stringify(worker.logs.all)}`).toContain(
      'Tool plain: policies.batch and batch',
    );
  });
});

test('a worker that stops does not wait for others who could join', async () => {
  const text = textOf(call('together', 't'));
  await expect.poll(held).toBe(1);
  expect(await lone.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await text).toBe('t of t');
});

test('batch and streaming exclude each other: the worker does not start, and says why', async () => {
  const { pathname } = new URL('../support/plugins/torn-batch.ts', import.meta.url);
  const worker = cluster.spawn('worker', { MILLRACE_PLUGINS: pathname });
  expect(await worker.exited).toEqual({ code: 1, signal: null });
  expect(`${worker.stderr}${JSON.stringify(worker.logs.all)}`).toContain(
    'Tool torn: batch and streaming exclude each other',
  );
});
