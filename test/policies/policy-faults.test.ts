import { afterAll, afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { Load, outcomes } from '../support/load.ts';
import { NamedRedisProxy } from '../support/named-redis-proxy.ts';
import { RedisProxy } from '../support/redis-proxy.ts';
import { textOf } from '../support/session.ts';
import { send, toolCall, type WireAnswer } from '../support/wire.ts';

/**
 * When Redis is slow or away for what breakers and limits are shared by, while the queues work, calls go on: each
 * process goes by what it knows itself. All workers here are on a way to Redis that can be held up.
 */
const cluster = await startCluster({ workers: 0, plugins: ['fixture', 'resilience', 'limits'] });
const proxy = await NamedRedisProxy.start(cluster.redisUrl);
const SHAKEN = { REDIS_URL: proxy.url, MILLRACE_POOLS: 'default,narrow' };
await Promise.all([cluster.startWorker(SHAKEN), cluster.startWorker(SHAKEN)]);
await cluster.startFrontDoor({ REDIS_URL: proxy.url });
await cluster.seesWorkers(2);
afterAll(() => cluster.stop().finally(() => proxy.stop()));
afterEach(() => proxy.mend('policies'));
const url = cluster.urls[1] ?? '';

const PATIENCE = { timeout: 10_000, interval: 50 };

const troubles = [
  ['slow', () => proxy.hold('policies')],
  ['away', () => proxy.cut('policies')],
] as const;

const call = (tool: string, args: Record<string, unknown> = {}): Promise<WireAnswer> =>
  send(url, toolCall(tool, args));
const nameOf = ({ message }: WireAnswer) => message.error?.data?.['name'];
const lines = (msg: string, fields: Record<string, unknown>) =>
  cluster.workers.flatMap(({ logs }) => logs.having(msg, fields));

test.each(troubles)(
  'breaker, Redis %s: what is open stays refused, and other tools fail as they are',
  async (name, begin) => {
    const [open, other] = name === 'slow' ? ['mail', 'orders'] : ['forgotten', 'invoices'];
    await vi.waitFor(async () => expect(nameOf(await call(open))).toBe('circuit_open'), PATIENCE);
    begin();
    const tries = lines('tried', { tool: open }).length;
    expect(nameOf(await call(open))).toBe('circuit_open');
    expect(lines('tried', { tool: open }).length).toBe(tries);
    // The failure that cannot be told to the fleet holds its answer up for half a second, not for longer.
    const since = Date.now();
    expect((await call(other)).message.result).toMatchObject({ isError: true });
    expect(Date.now() - since).toBeLessThan(3_000);
    expect(textOf((await call('echo', { text: 'still here' })).message)).toBe('still here');
  },
);

test.each(troubles)(
  'bulkhead, Redis %s: each worker keeps to the limit of the fleet by itself',
  async (name, begin) => {
    begin();
    const keys = Array.from({ length: 6 }, (_, n) => `${name}-${n}`);
    const calls = keys.map((key) => call('one_in_the_fleet', { key }));
    const running = () =>
      keys.filter((key) => lines('started', { key }).length > lines('finished', { key }).length).length;
    await expect.poll(running, PATIENCE).toBeGreaterThan(0);
    await cluster.logged('the limit of the fleet could not be asked for', { tool: 'one_in_the_fleet' });
    for (const key of keys) {
      expect(running()).toBeLessThanOrEqual(2);
      cluster.release(key);
    }
    const answers = await Promise.all(calls);
    expect(answers.map(({ message }) => textOf(message))).toEqual(keys.map((key) => `${key} is done`));
  },
);

test('admission, Redis away: calls are refused at once with 503, and admitted when it is back', async () => {
  const away = await RedisProxy.start(cluster.redisUrl);
  onTestFinished(() => away.stop());
  const door = await cluster.startFrontDoor({ REDIS_URL: away.url, MILLRACE_CALL_TIMEOUT_MS: '5000' });
  await door.logs.first('the catalogue changed', { workers: 2 });
  const there = cluster.urls.at(-1) ?? '';
  const work = toolCall('work', { ms: 1 });
  expect(outcomes(await new Load(there, work, 4).done)).toEqual({ result: 4 });
  const lost = door.logs.next('Redis is away');
  away.cut();
  await lost;
  const since = Date.now();
  const refused = await new Load(there, work, 20).done;
  expect(Date.now() - since).toBeLessThan(4_000);
  expect(outcomes(refused)).toEqual({ broker_unavailable: 20 });
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  away.mend();
  await expect
    .poll(async () => outcomes(await new Load(there, work, 4).done), PATIENCE)
    .toEqual({ result: 4 });
  await door.kill('SIGTERM');
});
