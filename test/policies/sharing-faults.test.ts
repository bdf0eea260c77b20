import { IDEMPOTENCY_META_KEY } from '@millrace/protocol';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { metricOf } from '../support/metric.ts';
import { NamedRedisProxy } from '../support/named-redis-proxy.ts';
import { textOf } from '../support/session.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * When Redis is slow or away for what answers are shared by, while the queues work, calls go on: the cache and the
 * search for identical calls are left out. Only who gave an idempotency key is refused, for it was promised something.
 */
const cluster = await startCluster({ frontDoors: 1, workers: 2, plugins: ['sharing'] });
const proxy = await NamedRedisProxy.start(cluster.redisUrl);
await cluster.startFrontDoor({ REDIS_URL: proxy.url });
await cluster.seesWorkers(2);
afterAll(async () => {
  await cluster.stop().finally(() => proxy.stop());
});
afterEach(() => {
  for (const name of ['sharing', 'events']) proxy.mend(name);
});
const [healthy = '', shaken = ''] = cluster.urls;

function runs(tool: string, id: string): number {
  return cluster.workers.flatMap((worker) => worker.logs.having('ran', { tool, id })).length;
}

async function call(url: string, tool: string, id: string, meta: object = {}): Promise<string | undefined> {
  const answer = await send(url, toolCall(tool, { id }, meta as Record<string, unknown>));
  return textOf(answer.message);
}

/** Resolves when the front door shares again. */
async function recovered(): Promise<void> {
  for (const name of ['sharing', 'events']) proxy.mend(name);
  await vi.waitFor(
    async () => {
      const key = { [IDEMPOTENCY_META_KEY]: crypto.randomUUID() };
      expect(await call(shaken, 'effect', 'recovered', key)).toContain('recovered');
    },
    { timeout: 10_000, interval: 100 },
  );
}

/** Resolves when the front door keeps the answer in memory, as it does while it hears of invalidations. */
async function remembered(id: string): Promise<string | undefined> {
  return vi.waitFor(async () => {
    const text = await call(shaken, 'for_all', id);
    expect(await call(shaken, 'for_all', id)).toBe(text);
    return text;
  });
}

const troubles = [
  ['slow', () => proxy.hold('sharing')],
  ['away', () => proxy.cut('sharing')],
] as const;

test.each(troubles)(
  'cache, Redis %s: the tool runs, and what is in memory is still given',
  async (name, begin) => {
    const known = await call(shaken, 'for_all', `known ${name}`);
    begin();
    expect(await call(shaken, 'for_all', `known ${name}`)).toBe(known);
    const text = await call(shaken, 'for_tenant', name);
    expect(text).toContain(`for_tenant ${name}`);
    await recovered();
    expect(await call(healthy, 'for_tenant', name)).toContain(`for_tenant ${name}`);
    // Nobody knows what was invalidated meanwhile, so it was not kept for others.
    expect(runs('for_tenant', name)).toBe(2);
  },
);

test.each(troubles)(
  'dedup, Redis %s: identical calls still meet on their own front door',
  async (name, begin) => {
    begin();
    const calls = [shaken, shaken, healthy].map((url) => call(url, 'held', `dedup ${name}`));
    await vi.waitFor(() => expect(runs('held', `dedup ${name}`)).toBe(2));
    cluster.release(`dedup ${name}`);
    const [one, other, third] = await Promise.all(calls);
    expect(other).toBe(one);
    expect(third).toContain(`held dedup ${name}`);
    await recovered();
  },
);

test.each(troubles)(
  'idempotency, Redis %s: the call is refused with 503 and not made',
  async (name, begin) => {
    begin();
    const key = { [IDEMPOTENCY_META_KEY]: `key ${name}` };
    const refused = await send(shaken, toolCall('effect', { id: `key ${name}` }, key));
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.message.error?.data).toMatchObject({ name: 'broker_unavailable', retryable: true });
    expect(runs('effect', `key ${name}`)).toBe(0);
    await recovered();
    // Also when the beginning reached Redis after all, nobody is kept from making the call now.
    await vi.waitFor(async () =>
      expect(await call(shaken, 'effect', `key ${name}`, key)).toContain(`key ${name}`),
    );
    expect(runs('effect', `key ${name}`)).toBe(1);
  },
);

test('a call without a key is made while those with one are refused', async () => {
  proxy.cut('sharing');
  expect(await call(shaken, 'effect', 'no key')).toContain('no key');
  await recovered();
});

test('a front door that hears of no invalidations gives nothing from memory that may be invalidated', async () => {
  const text = await remembered('deaf');
  const untagged = await call(shaken, 'for_tenant', 'deaf');
  proxy.cut('events');
  await send(healthy, toolCall('invalidate', { tags: ['users'] }));
  await vi.waitFor(async () => expect(await call(shaken, 'for_all', 'deaf')).not.toBe(text), {
    timeout: 1_000,
  });
  expect(await call(shaken, 'for_tenant', 'deaf')).toBe(untagged);
  await recovered();
});

test('what was invalidated while it could not hear is forgotten when it hears again', async () => {
  const text = await remembered('missed');
  proxy.cut('events');
  await send(healthy, toolCall('invalidate', { tags: ['user:missed'] }));
  await recovered();
  await vi.waitFor(async () => expect(await call(shaken, 'for_all', 'missed')).not.toBe(text), {
    timeout: 2_000,
  });
});

test('what it has in memory has bounds', async () => {
  const door = await cluster.startFrontDoor({
    MILLRACE_CACHE_MAX_BYTES: '4000',
    MILLRACE_CACHE_MAX_ENTRY_BYTES: '1000',
  });
  const url = cluster.urls.at(-1) ?? '';
  for (let n = 0; n < 40; n += 1) await call(url, 'for_tenant', `bounded ${n}`);
  const bytes = await metricOf(cluster.adminUrls.at(-1), 'millrace_cache_bytes');
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThanOrEqual(4_000);
  // What had to leave the memory is still in Redis.
  await call(url, 'for_tenant', 'bounded 0');
  expect(runs('for_tenant', 'bounded 0')).toBe(1);
  door.kill('SIGTERM');
  await door.exited;
});
