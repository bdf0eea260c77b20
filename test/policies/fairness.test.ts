import { afterAll, expect, onTestFinished, test } from 'vitest';
import { as, makeKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { figure, Load, outcomes } from '../support/load.ts';
import { RedisProxy } from '../support/redis-proxy.ts';
import { send, toolCall, type WireRequest } from '../support/wire.ts';

/** Two workers with two slots each for the pool that is fought for. */
const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'limits'],
  env: WITH_API_KEYS,
  workerEnv: { MILLRACE_POOLS: 'default,narrow', MILLRACE_SLOTS: '2' },
});
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

const PATIENCE = { timeout: 10_000, interval: 20 };
const SLOTS = 4;

const flooding = await makeKey(cluster, { tenant: 'flood' });
const quiet = await makeKey(cluster, { tenant: 'quiet' });

const work = (tool = 'work', meta = {}) => toolCall(tool, { ms: 50 }, meta);

/** Calls of others that had their turn while this one was waited for. */
async function overtakenBy(load: Load, url: string, request: WireRequest): Promise<number> {
  const before = load.results;
  const { message } = await send(url, request);
  expect(message.result).toBeDefined();
  return load.results - before;
}

/** A tenant with many calls, most of which wait for their turn; and the front doors know how long they take. */
async function aFlood(url: string, count: number, request = as(flooding, work())): Promise<Load> {
  await Promise.all(cluster.urls.map((each) => new Load(each, as(flooding, work()), 4).done));
  const load = new Load(url, request, count);
  await expect.poll(() => load.results, PATIENCE).toBeGreaterThan(SLOTS);
  return load;
}

test('a tenant with hundreds of calls does not keep another waiting, at the same front door', async () => {
  const load = await aFlood(here, 200);
  const waiting = () => figure(cluster.adminUrls[0] ?? '', 'millrace_waiting_calls{pool="narrow"}');
  await expect.poll(waiting, PATIENCE).toBeGreaterThan(50);
  const overtaken: number[] = [];
  for (let n = 0; n < 10; n += 1) overtaken.push(await overtakenBy(load, here, as(quiet, work())));
  // What runs, and the few on the queue, are before it at most; while it runs itself, some more end.
  for (const count of overtaken) expect(count).toBeLessThanOrEqual(4 * SLOTS);
  expect(load.answers.length).toBeLessThan(200);
  expect(outcomes(await load.done)).toEqual({ result: 200 });
});

test('nor at another front door: what waits for its turn is not on the queue', async () => {
  const load = await aFlood(here, 200);
  const overtaken: number[] = [];
  for (let n = 0; n < 10; n += 1) overtaken.push(await overtakenBy(load, there, as(quiet, work())));
  for (const count of overtaken) expect(count).toBeLessThanOrEqual(5 * SLOTS);
  expect(load.answers.length).toBeLessThan(200);
  await load.done;
});

test('tenants that both have more than can run get the same, whoever came first', async () => {
  const first = await aFlood(here, 120);
  const before = first.results;
  const second = new Load(here, as(quiet, work()), 60);
  await second.done;
  const share = first.results - before;
  expect(share).toBeGreaterThan(40);
  expect(share).toBeLessThan(90);
  await first.done;
});

test('within a tenant an urgent tool goes first, and a lazy one last, but not never', async () => {
  const lazy = await aFlood(here, 100, as(flooding, work('lazy_work')));
  const normal = new Load(here, as(flooding, work()), 60);
  expect(await overtakenBy(normal, here, as(flooding, work('urgent_work')))).toBeLessThanOrEqual(4 * SLOTS);
  const before = lazy.results;
  await normal.done;
  const meanwhile = lazy.results - before;
  expect(meanwhile).toBeGreaterThan(5);
  expect(meanwhile).toBeLessThan(45);
  await lazy.done;
});

test('a request may ask for less urgency than its tool has', async () => {
  const lazy = await aFlood(here, 100, as(flooding, work('urgent_work', { 'dev.millrace/priority': 'low' })));
  const before = lazy.results;
  await new Load(here, as(flooding, work()), 60).done;
  expect(lazy.results - before).toBeLessThan(45);
  await lazy.done;
  const refused = await send(here, as(quiet, work('work', { 'dev.millrace/priority': 'now' })));
  expect(refused.message.error).toMatchObject({
    code: -32602,
    message: expect.stringContaining('high, normal'),
  });
});

test('a tenant can be given more than others', async () => {
  const process = await cluster.startFrontDoor({ MILLRACE_TENANT_WEIGHTS: '{"quiet":4}' });
  onTestFinished(() => process.kill('SIGTERM').then(() => undefined));
  await process.logs.first('the catalogue changed', { workers: 2 });
  const url = cluster.urls.at(-1) ?? '';
  const first = await aFlood(url, 100);
  const before = first.results;
  await new Load(url, as(quiet, work()), 80).done;
  // A quarter as many, and those that were on the queue already.
  expect(first.results - before).toBeLessThan(45);
  await first.done;
});

test('calls that wait for their turn while Redis goes away and comes back have it afterwards', async () => {
  const proxy = await RedisProxy.start(cluster.redisUrl);
  const process = await cluster.startFrontDoor({ REDIS_URL: proxy.url, MILLRACE_CALL_TIMEOUT_MS: '8000' });
  await process.logs.first('the catalogue changed', { workers: 2 });
  const url = cluster.urls.at(-1) ?? '';
  await new Load(url, as(flooding, work()), 4).done;
  const load = new Load(url, as(flooding, work()), 60);
  await expect.poll(() => load.results, PATIENCE).toBeGreaterThan(SLOTS);
  proxy.cut();
  await process.logs.first('Redis is away', { connection: 'dispatcher' });
  proxy.mend();
  const { result = 0, ...others } = outcomes(await load.done);
  // Those that were being put on the queue at that moment are answered with what is known of them.
  expect(result).toBeGreaterThan(40);
  for (const name of Object.keys(others)) {
    expect(['broker_unavailable', 'outcome_unknown', 'deadline_exceeded']).toContain(name);
  }
  expect(await process.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  await proxy.stop();
});

test.each([
  ['{"acme":0}', 'acme'],
  ['{"acme":"all"}', 'acme'],
])('MILLRACE_TENANT_WEIGHTS=%s is refused at the start', async (value, field) => {
  const started = cluster.spawn('front-door', { MILLRACE_TENANT_WEIGHTS: value });
  expect(await started.exited).toEqual({ code: 1, signal: null });
  expect(started.stderr).toMatch(/^MILLRACE_TENANT_WEIGHTS/);
  expect(started.stderr).toContain(field);
});
