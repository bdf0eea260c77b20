import { disconnect } from '@millrace/broker';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { as, makeKey, type TestKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { figure, outcomes } from '../support/load.ts';
import { RedisProxy } from '../support/redis-proxy.ts';
import { send, sessionRequest, toolCall, type WireAnswer } from '../support/wire.ts';

const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'limits'],
  env: WITH_API_KEYS,
});
afterAll(() => cluster.stop());

const PATIENCE = { timeout: 10_000, interval: 50 };

/** Calls of one client, by turns at each front door. */
async function callInTurn(key: TestKey, tool: string, times: number): Promise<WireAnswer[]> {
  const answers: WireAnswer[] = [];
  for (let n = 0; n < times; n += 1) {
    answers.push(await send(cluster.urls[n % 2] ?? '', as(key, toolCall(tool))));
  }
  return answers;
}

/** A further front door, on a way to Redis that can be cut or held up. */
async function aFrontDoor(env: Record<string, string> = {}) {
  const proxy = await RedisProxy.start(cluster.redisUrl);
  onTestFinished(() => proxy.stop());
  const process = await cluster.startFrontDoor({ REDIS_URL: proxy.url, ...env });
  onTestFinished(async () => {
    proxy.mend();
    await process.kill('SIGTERM');
  });
  await process.logs.first('the catalogue changed', { workers: 2 });
  const at = cluster.frontDoors.indexOf(process);
  return { proxy, process, url: cluster.urls[at] ?? '', adminUrl: cluster.adminUrls[at] ?? '' };
}

test('a client has its calls, at whichever front door, and then learns when there are more', async () => {
  const answers = await callInTurn(await makeKey(cluster), 'five_each', 7);
  expect(outcomes(answers)).toEqual({ result: 5, rate_limited: 2 });
  const headers = answers.map(({ headers: its }) => [
    its.get('ratelimit-limit'),
    its.get('ratelimit-remaining'),
  ]);
  expect(headers).toEqual(['4', '3', '2', '1', '0', '0', '0'].map((left) => ['5', left]));
  const refused = answers.at(-1);
  expect(refused?.status).toBe(429);
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(3_500);
  expect(Number(refused?.headers.get('ratelimit-reset'))).toBeGreaterThan(3_500);
  expect(refused?.message.error).toMatchObject({
    code: -32014,
    data: {
      type: 'rate_limit_exceeded',
      retryable: true,
      details: { scope: 'tool_client', limit: 5, windowMs: 3_600_000, remaining: 0 },
    },
  });
  expect(refused?.message.error?.data?.['retryAfterMs']).toBeGreaterThan(3_500_000);
  const counts = await Promise.all(
    cluster.adminUrls.map((url) => figure(url, 'millrace_refused_total{reason="rate_limited"}')),
  );
  expect(counts).toEqual([1, 1]);
});

test('what one client uses up is still there for another, unless the limit is that of a tenant, or of all', async () => {
  const tenant = 'acme';
  const [ada, bob] = [await makeKey(cluster, { tenant }), await makeKey(cluster, { tenant })];
  const eve = await makeKey(cluster, { tenant: 'other' });
  const passed = async (tool: string) => {
    const counts: number[] = [];
    for (const key of [ada, bob, eve]) {
      counts.push(outcomes(await callInTurn(key, tool, 6))['result'] ?? 0);
    }
    return counts;
  };
  expect(await passed('five_each_again')).toEqual([5, 5, 5]);
  expect(await passed('five_a_tenant')).toEqual([5, 0, 5]);
  expect(await passed('five_in_all')).toEqual([5, 0, 0]);
});

test('a bucket gives a burst, and then as many as it is filled with', async () => {
  const key = await makeKey(cluster);
  const calls = Array.from({ length: 10 }, (_, n) =>
    send(cluster.urls[n % 2] ?? '', as(key, toolCall('four_a_second'))),
  );
  const burst = outcomes(await Promise.all(calls));
  expect(burst['result']).toBeGreaterThanOrEqual(4);
  expect(burst['rate_limited']).toBeGreaterThanOrEqual(1);
  await expect
    .poll(async () => outcomes(await callInTurn(key, 'four_a_second', 1)), PATIENCE)
    .toEqual({
      result: 1,
    });
});

test('a large limit is taken in blocks, and yet never exceeded', async () => {
  const key = await makeKey(cluster);
  const request = as(key, toolCall('thousand'));
  const counts: Record<string, number>[] = [];
  for (let round = 0; round < 11; round += 1) {
    const calls = Array.from({ length: 100 }, (_, n) => send(cluster.urls[n % 2] ?? '', request));
    counts.push(outcomes(await Promise.all(calls)));
  }
  const total = counts.reduce((sum, count) => sum + (count['result'] ?? 0), 0);
  expect(total).toBeLessThanOrEqual(1_000);
  // Each front door may hold one block of 31 that it has no more use for.
  expect(total).toBeGreaterThanOrEqual(1_000 - 2 * 31);
});

test('clients of the 2025 revisions get the same refusal', async () => {
  const key = await makeKey(cluster);
  await callInTurn(key, 'five_each', 5);
  const { status, message } = await send(
    cluster.url,
    as(key, sessionRequest('tools/call', { name: 'five_each', arguments: {} })),
  );
  expect([status, message.error?.code]).toEqual([429, -32014]);
});

test('a front door can limit what a client calls in all, whatever it calls', async () => {
  const { url } = await aFrontDoor({
    MILLRACE_RATE_LIMITS: '{"client":{"limit":3,"windowMs":3600000},"tenant":{"limit":5,"windowMs":3600000}}',
  });
  const [ada, bob] = [await makeKey(cluster, { tenant: 'few' }), await makeKey(cluster, { tenant: 'few' })];
  const answers: WireAnswer[] = [];
  for (const key of [ada, ada, ada, ada, bob, bob, bob]) {
    answers.push(await send(url, as(key, toolCall('echo', { text: 'x' }))));
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 200, 200, 429]);
  const scopes = answers.map(({ message }) => message.error?.data?.['details']);
  expect(scopes[3]).toMatchObject({ scope: 'client', limit: 3 });
  expect(scopes[6]).toMatchObject({ scope: 'tenant', limit: 5 });
});

test('calls that Redis cannot count pass, when that is what is set', async () => {
  const { url, adminUrl } = await aFrontDoor();
  const key = await makeKey(cluster, { tenant: 'odd', subject: 'odd' });
  await breakLimit('sliding-window:5:3600000:tool:five_each:client:odd:key%3Aodd');
  const answers: WireAnswer[] = [];
  for (let n = 0; n < 7; n += 1) answers.push(await send(url, as(key, toolCall('five_each'))));
  expect(outcomes(answers)).toEqual({ result: 7 });
  expect(await figure(adminUrl, 'millrace_rate_limit_failures_total{outcome="open"}')).toBe(7);
});

test('else they are refused, at once when Redis is away, and in time when it is slow', async () => {
  const { url, proxy, process } = await aFrontDoor({
    MILLRACE_RATE_LIMIT_ON_FAILURE: 'closed',
    MILLRACE_RATE_LIMIT_TIMEOUT_MS: '200',
  });
  const request = as(await makeKey(cluster), toolCall('thousand'));
  const refusal = {
    status: 503,
    message: {
      error: { data: { name: 'broker_unavailable', message: expect.stringContaining('Rate limits') } },
    },
  };
  expect((await send(url, request)).status).toBe(200);
  proxy.stall();
  expect(await send(url, request)).toMatchObject(refusal);
  proxy.mend();
  await expect.poll(async () => (await send(url, request)).status, PATIENCE).toBe(200);
  proxy.cut();
  await process.logs.first('Redis is away', { connection: 'rate-limits' });
  expect(await send(url, request)).toMatchObject(refusal);
  proxy.mend();
  await expect.poll(async () => (await send(url, request)).status, PATIENCE).toBe(200);
});

test('a Redis that is slow to count holds a call up for so long and not longer', async () => {
  const { url, proxy, process } = await aFrontDoor({ MILLRACE_RATE_LIMIT_TIMEOUT_MS: '200' });
  const request = as(await makeKey(cluster), toolCall('thousand'));
  expect((await send(url, request)).status).toBe(200);
  proxy.stall();
  const answer = send(url, request);
  await process.logs.first('rate limits cannot be counted', { outcome: 'open' });
  proxy.mend();
  expect((await answer).status).toBe(200);
});

test.each([
  ['{"client":{"limit":0}}', 'client.limit'],
  ['{"client":{"windowMs":0}}', 'client.windowMs'],
  ['{"tenant":{"algorithm":"leaky"}}', 'tenant.algorithm'],
  ['{"everybody":{"limit":1}}', 'everybody'],
])('%s is refused at the start', async (value, field) => {
  const started = cluster.spawn('front-door', { MILLRACE_RATE_LIMITS: value });
  expect(await started.exited).toEqual({ code: 1, signal: null });
  expect(started.stderr).toMatch(/^MILLRACE_RATE_LIMITS/);
  expect(started.stderr).toContain(field);
});

/** Puts something under the name of a limit that its script cannot work with. */
async function breakLimit(name: string): Promise<void> {
  const redis = await connectRedis(cluster.redisUrl);
  await redis.set(`${cluster.prefix}:rate-limit:${name}`, 'no counts', 'PX', 60_000);
  disconnect(redis);
}
