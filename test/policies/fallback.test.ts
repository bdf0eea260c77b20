import { ERROR_META_KEY, FALLBACK_META_KEY } from '@millrace/protocol';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { metricOfFrontDoors, metricOfWorkers } from '../support/metric.ts';
import { send, toolCall, type WireAnswer } from '../support/wire.ts';

const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'resilience'],
  workerEnv: {
    MILLRACE_POLICIES: JSON.stringify({
      tools: { fail: { fallback: { kind: 'fixed', text: 'by configuration' } } },
    }),
  },
});
afterAll(() => cluster.stop());

const FALLBACKS = 'millrace_fallbacks_total';

let turn = 0;
function call(name: string, args: Record<string, unknown> = {}): Promise<WireAnswer> {
  turn += 1;
  return send(cluster.urls[turn % 2] ?? '', toolCall(name, args));
}

const textOf = ({ message }: WireAnswer) => (message.result?.['content'] as { text: string }[])?.[0]?.text;
const markOf = ({ message }: WireAnswer) =>
  (message.result?.['_meta'] as Record<string, unknown> | undefined)?.[FALLBACK_META_KEY];

/** Calls until the answer is given without a try, because the breaker is open. */
async function untilOpen(name: string, args = {}): Promise<WireAnswer> {
  return vi.waitUntil(
    async () => {
      const answer = await call(name, args);
      return (markOf(answer) as { reason?: string } | undefined)?.reason === 'circuit_open' && answer;
    },
    { timeout: 5_000 },
  );
}

describe.each([
  { era: '2026', connect: connectModern },
  { era: '2025', connect: connectSession },
])('a client of $era', ({ connect }) => {
  test('gets the fixed answer of a tool that fails, and is told that it is one', async () => {
    const client = await connect(cluster.url);
    const given = () => metricOfWorkers(cluster, FALLBACKS, { tool: 'fail', kind: 'fixed' });
    const before = await given();
    const result = await client.callTool({ name: 'fail', arguments: {} });
    expect(await given()).toBe(before + 1);
    expect(result).toMatchObject({
      content: [{ type: 'text', text: 'by configuration' }],
      _meta: { [FALLBACK_META_KEY]: { kind: 'fixed', reason: 'tool_error' } },
    });
    expect(result.isError).toBeUndefined();
  });
});

test('while the breaker is open the front door gives the fixed answer itself', async () => {
  const answer = await untilOpen('fixed_answer');
  expect(textOf(answer)).toBe('closed for today');
  expect(markOf(answer)).toEqual({ kind: 'fixed', reason: 'circuit_open' });
  const given = () => metricOfFrontDoors(cluster, FALLBACKS, { tool: 'fixed_answer', kind: 'fixed' });
  // Until both have heard of it, one may still ask a worker.
  await vi.waitFor(async () => {
    const before = await given();
    await Promise.all(cluster.urls.map((url) => send(url, toolCall('fixed_answer'))));
    expect(await given()).toBe(before + 2);
  });
  const jobs = await cluster.jobs();
  await Promise.all(cluster.urls.map((url) => send(url, toolCall('fixed_answer'))));
  expect(await cluster.jobs()).toBe(jobs);
});

test('another handler answers, also while the breaker is open: it is with the workers', async () => {
  const first = await call('translate', { text: 'salve' });
  expect(textOf(first)).toBe('salve, roughly (tool_error)');
  expect(markOf(first)).toEqual({ kind: 'handler', reason: 'tool_error' });
  expect(textOf(await untilOpen('translate', { text: 'vale' }))).toBe('vale, roughly (circuit_open)');
  const tries = () =>
    cluster.workers.flatMap(({ logs }) => logs.having('tried', { tool: 'translate' })).length;
  const before = tries();
  await call('translate', { text: 'ave' });
  expect(tries()).toBe(before);
});

test('a tool that takes too long has a fallback that is not aborted with it', async () => {
  const answer = await call('too_slow');
  expect(textOf(answer)).toBe('in time, not aborted');
  expect(markOf(answer)).toEqual({ kind: 'handler', reason: 'deadline_exceeded' });
});

test('a fallback that fails too: the original error wins', async () => {
  const { message } = await call('doubly_broken');
  expect(message.result).toMatchObject({
    isError: true,
    content: [{ text: 'the disk is on fire' }],
    _meta: { [ERROR_META_KEY]: { message: 'the disk is on fire' } },
  });
  await cluster.logged('a fallback failed, too', { tool: 'doubly_broken' });
});

test('what the caller did wrong is the caller’s to know', async () => {
  expect((await call('weather', { city: 7 })).message.error?.code).toBe(-32602);
});

test('the last good result for the same arguments, from any worker or front door', async () => {
  expect(textOf(await call('weather', { city: 'Rome' }))).toContain('sunny in Rome');
  await keptResults(1);
  cluster.release('storm');
  const stale = await vi.waitUntil(async () => {
    const answer = await call('weather', { city: 'Rome' });
    return markOf(answer) !== undefined && answer;
  });
  expect(stale.message.result).toMatchObject({
    structuredContent: { sky: 'sunny in Rome' },
    _meta: { [FALLBACK_META_KEY]: { kind: 'stale', reason: 'tool_error' } },
  });
  const atFrontDoor = await untilOpen('weather', { city: 'Rome' });
  expect(atFrontDoor.message.result).toMatchObject({ structuredContent: { sky: 'sunny in Rome' } });
  const labels = { tool: 'weather', kind: 'stale' };
  expect(await metricOfWorkers(cluster, FALLBACKS, labels)).toBeGreaterThan(0);
  expect(await metricOfFrontDoors(cluster, FALLBACKS, labels)).toBeGreaterThan(0);
});

test('where nothing good is known the original error stays', async () => {
  const { message } = await call('weather', { city: 'Oslo' });
  expect(message.error?.data).toMatchObject({ name: 'circuit_open' });
});

test('where the last good result cannot be read the original error stays', async () => {
  const redis = await connectRedis(cluster.redisUrl);
  for (const key of await redis.keys(`${cluster.prefix}:last-good:*`)) {
    await redis.del(key);
    await redis.rpush(key, 'no text');
    await redis.pexpire(key, 60_000);
  }
  redis.disconnect();
  const { message } = await call('weather', { city: 'Rome' });
  expect(message.error?.data).toMatchObject({ name: 'circuit_open' });
});

test.each([
  {
    policies: { charge: { fallback: { kind: 'stale' } } },
    says: 'Tool charge: policies.fallback.kind \\"stale\\" and idempotent',
  },
  {
    policies: { add: { fallback: { kind: 'fixed', text: '0' } } },
    says: 'Tool add: policies.fallback.structuredContent and output',
  },
  {
    policies: { hold: { fallback: { kind: 'handler' } } },
    says: 'Tool hold: policies.fallback.kind \\"handler\\" and fallback',
  },
])('refused at start: $says', async ({ policies, says }) => {
  const worker = cluster.spawn('worker', { MILLRACE_POLICIES: JSON.stringify({ tools: policies }) });
  expect((await worker.exited).code).toBe(1);
  expect(worker.stderr + JSON.stringify(worker.logs.all)).toContain(says);
});

/** Resolves when so many good results are kept. */
async function keptResults(count: number): Promise<void> {
  const redis = await connectRedis(cluster.redisUrl);
  await expect.poll(() => redis.keys(`${cluster.prefix}:last-good:*`)).toHaveLength(count);
  redis.disconnect();
}
