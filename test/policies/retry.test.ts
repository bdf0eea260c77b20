import { ERROR_META_KEY } from '@millrace/protocol';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall, type WireAnswer } from '../support/wire.ts';

const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'resilience'],
  privateRedis: true,
});
afterAll(() => cluster.stop());

let turn = 0;
function call(name: string, args: Record<string, unknown> = {}): Promise<WireAnswer> {
  turn += 1;
  return send(cluster.urls[turn % 2] ?? '', toolCall(name, args));
}

const textOf = ({ message }: WireAnswer) => (message.result?.['content'] as { text: string }[])?.[0]?.text;
const triesOf = (tool: string, key?: string) =>
  cluster.workers.flatMap(({ logs }) => logs.having('tried', key === undefined ? { tool } : { tool, key }));

test('a failure that says that another try may help is tried again, and the client learns nothing of it', async () => {
  const answer = await call('moody', { key: 'twice', failures: 2, how: 'busy' });
  expect(textOf(answer)).toBe('try 3 works');
  expect(answer.message.result?.['isError']).toBeUndefined();
  expect(triesOf('moody', 'twice')).toHaveLength(3);
});

test('after the last try its failure is the answer', async () => {
  const { message } = await call('moody', { key: 'never', failures: 9, how: 'busy' });
  expect(message.result?.['_meta']).toMatchObject({ [ERROR_META_KEY]: { retryable: true } });
  expect(triesOf('moody', 'never')).toHaveLength(4);
});

test('a failure that promises nothing is not tried again', async () => {
  const { message } = await call('moody', { key: 'once', failures: 1, how: 'broken' });
  expect(message.result?.['isError']).toBe(true);
  expect(triesOf('moody', 'once')).toHaveLength(1);
});

test('what says when to come back is left alone until then', async () => {
  expect(textOf(await call('moody', { key: 'later', failures: 1, how: 'later' }))).toBe('try 2 works');
  const [first = 0, second = 0] = triesOf('moody', 'later').map(({ at }) => Number(at));
  expect(second - first).toBeGreaterThanOrEqual(199);
});

test('there is no try, and no wait for one, beyond the deadline', async () => {
  const began = Date.now();
  const { message } = await call('hurried');
  expect(message.error).toMatchObject({ data: { name: 'broker_unavailable' } });
  expect(triesOf('hurried')).toHaveLength(1);
  expect(Date.now() - began).toBeLessThan(2_000);
});

test('when everything fails, retries stay a tenth of the calls, but for the few that each worker has', async () => {
  const before = triesOf('moody').length;
  const calls = Array.from({ length: 200 }, (_, n) =>
    call('moody', { key: `storm-${n}`, failures: 99, how: 'busy' }),
  );
  await Promise.all(calls);
  const retries = triesOf('moody').length - before - 200;
  expect(retries).toBeGreaterThan(0);
  expect(retries).toBeLessThanOrEqual(200 / 10 + 2 * 10 + 2);
  const figures = await Promise.all(
    cluster.workers.map(async (worker) => {
      const { admin } = await worker.listening();
      return (await fetch(`http://127.0.0.1:${admin.port}/metrics`)).text();
    }),
  );
  expect(figures.join()).toContain('millrace_retries_total{tool="moody",outcome="budget"}');
});

test.each([
  {
    what: 'retries of a tool that must not run twice',
    policies: { tools: { charge: { retry: {} } } },
    says: /Tool charge: policies\.retry and idempotent/,
  },
  {
    what: 'a wait that is longer than the longest',
    policies: { tools: { hold: { retry: { baseMs: 900, maxMs: 100 } } } },
    says: /Tool hold: policies\.retry\.baseMs and policies\.retry\.maxMs/,
  },
  {
    what: 'a value that cannot be',
    policies: { tools: { hold: { retry: { attempts: 1 } } } },
    says: /MILLRACE_POLICIES: .*tools\.hold\.retry\.attempts/,
  },
])('refused at start: $what', async ({ policies, says }) => {
  const worker = cluster.spawn('worker', { MILLRACE_POLICIES: JSON.stringify(policies) });
  expect((await worker.exited).code).toBe(1);
  const fatal = worker.logs.all.filter(({ level }) => level === 'fatal');
  expect(worker.stderr + JSON.stringify(fatal)).toMatch(says);
});

test('what is said of a pool is meant for those of its tools that may be tried again', async () => {
  const policies = JSON.stringify({ pools: { default: { retry: { attempts: 2 } } } });
  const worker = cluster.spawn('worker', { MILLRACE_POLICIES: policies });
  await worker.listening();
  expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a call is tried again while Redis is away, and answered when it is back', async () => {
  const answer = call('between_tries', { key: 'outage' });
  const worker = await cluster.logged('tried', { tool: 'between_tries', key: 'outage' });
  await cluster.stopRedis();
  cluster.release('outage');
  await worker.logs.first('Redis is away');
  await expect.poll(() => triesOf('between_tries', 'outage').length).toBe(2);
  await cluster.restartRedis();
  expect(textOf(await answer)).toBe('the second try works');
});
