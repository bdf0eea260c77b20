import { ERROR_META_KEY } from '@millrace/protocol';
import { afterAll, expect, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { metricOf, metricOfFrontDoors } from '../support/metric.ts';
import { send, toolCall, type WireAnswer } from '../support/wire.ts';

const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: ['fixture', 'resilience'],
  privateRedis: true,
});
afterAll(() => cluster.stop());

/** Calls by turns at each front door. */
let turn = 0;
function call(name: string, args: Record<string, unknown> = {}): Promise<WireAnswer> {
  turn += 1;
  return send(cluster.urls[turn % 2] ?? '', toolCall(name, args));
}

/** What all front doors say at this moment. */
const callEverywhere = (name: string, args = {}) =>
  Promise.all(cluster.urls.map((url) => send(url, toolCall(name, args))));

const nameOf = ({ message }: WireAnswer) => message.error?.data?.['name'];
const textOf = ({ message }: WireAnswer) => (message.result?.['content'] as { text: string }[])?.[0]?.text;
const triesOf = (tool: string) =>
  cluster.workers.flatMap(({ logs }) => logs.having('tried', { tool })).length;

/** How often a front door has seen the breaker come to a state. */
const changesOf = (adminUrl: string, breaker: string, state: string) =>
  metricOf(adminUrl, 'millrace_breaker_changes_total', { breaker, state });

async function fail(name: string, times: number, args = {}): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    expect((await call(name, args)).message.result).toMatchObject({ isError: true });
  }
}

/** Resolves when every front door refuses calls to the tool. */
const refusedEverywhere = (name: string, args = {}) =>
  vi.waitFor(
    async () => {
      const names = (await callEverywhere(name, args)).map(nameOf);
      expect(new Set(names)).toEqual(new Set(['circuit_open']));
    },
    { timeout: 1_000, interval: 20 },
  );

test('five failures, on whichever workers, and every front door refuses at once, without the queue', async () => {
  await fail('mail', 5);
  await refusedEverywhere('mail');
  for (const url of cluster.adminUrls) expect(await changesOf(url, 'mail', 'open')).toBe(1);
  const refused = () => metricOfFrontDoors(cluster, 'millrace_refused_total', { reason: 'circuit_open' });
  const [jobs, tries, refusals] = [await cluster.jobs(), triesOf('mail'), await refused()];
  const answers = await Promise.all(Array.from({ length: 20 }, () => call('mail')));
  expect(answers.map(nameOf)).toEqual(Array.from({ length: 20 }, () => 'circuit_open'));
  expect([await cluster.jobs(), triesOf('mail'), await refused()]).toEqual([jobs, tries, refusals + 20]);
  expect(answers[0]).toMatchObject({
    status: 200,
    message: {
      error: { code: -32016, data: { retryable: true, type: 'unavailable', details: { breaker: 'mail' } } },
    },
  });
  const retryAfterMs = Number(answers[0]?.message.error?.data?.['retryAfterMs']);
  expect(retryAfterMs).toBeGreaterThan(50_000);
  expect(retryAfterMs).toBeLessThanOrEqual(60_000);
});

test('a process that starts later knows it, too', async () => {
  await cluster.startFrontDoor();
  await cluster.frontDoors[2]?.logs.first('the catalogue changed', { workers: 2 });
  expect(nameOf(await send(cluster.urls[2] ?? '', toolCall('mail')))).toBe('circuit_open');
});

test.each(['print', 'scan'])('%s: once it works, three good probes close it again', async (tool) => {
  await fail(tool, 5);
  await refusedEverywhere(tool);
  cluster.release(tool);
  for (let good = 0; good < 3; good += 1) {
    await vi.waitFor(async () => expect(textOf(await call(tool))).toBe(`${tool} works`), { timeout: 3_000 });
  }
  const answers = await Promise.all(Array.from({ length: 10 }, () => call(tool)));
  expect(answers.map(textOf)).toEqual(Array.from({ length: 10 }, () => `${tool} works`));
  await vi.waitFor(async () => {
    for (const url of cluster.adminUrls) {
      const figures = await (await fetch(`${url}/metrics`)).text();
      expect(figures).toContain(`millrace_breaker_state{breaker="${tool}"} 0`);
    }
  });
  for (const url of cluster.adminUrls) {
    expect(await changesOf(url, tool, 'half-open')).toBeGreaterThan(0);
    expect(await changesOf(url, tool, 'closed')).toBeGreaterThan(0);
  }
});

test('one prober at a time in the whole fleet, the others are told to wait', async () => {
  await fail('probed', 2, { key: 'broken' });
  await refusedEverywhere('probed', { key: 'broken' });
  const before = triesOf('probed');
  let probe: Promise<WireAnswer> | undefined;
  await vi.waitFor(
    async () => {
      probe ??= send(cluster.url, toolCall('probed', { key: 'probe' }));
      const first = await Promise.race([probe, cluster.logged('tried', { tool: 'probed', key: 'probe' })]);
      if ('message' in first) probe = undefined;
      expect('message' in first).toBe(false);
    },
    { timeout: 3_000 },
  );
  const answers = await Promise.all(Array.from({ length: 10 }, () => call('probed', { key: 'probe' })));
  expect(answers.map(nameOf)).toEqual(Array.from({ length: 10 }, () => 'circuit_open'));
  expect(triesOf('probed')).toBe(before + 1);
  cluster.release('probe');
  expect(textOf((await probe) as WireAnswer)).toBe('probed');
  await vi.waitFor(async () => expect(textOf(await call('probed', { key: 'probe' }))).toBe('probed'));
});

test('tools that depend on the same thing share its breaker', async () => {
  await fail('orders', 2);
  await refusedEverywhere('invoices');
  expect(triesOf('invoices')).toBe(0);
});

test('what callers do wrong, and what a tool refuses on purpose, opens nothing', async () => {
  for (let n = 0; n < 4; n += 1) {
    expect((await call('choosy', { n: 'no number' })).message.error?.code).toBe(-32602);
    const refused = (await call('choosy', { n })).message.result;
    expect(refused?.['_meta']).toMatchObject({ [ERROR_META_KEY]: { message: 'not for you' } });
  }
});

test('a tool that is never done in time opens its breaker', async () => {
  for (let n = 0; n < 2; n += 1) expect(nameOf(await call('stuck'))).toBe('deadline_exceeded');
  await refusedEverywhere('stuck');
});

test('other tools of the same workers are served as ever', async () => {
  expect(textOf(await call('echo', { text: 'still here' }))).toBe('still here');
});

test('while Redis is away front doors still refuse what is open; when it is back, all begin anew', async () => {
  await fail('forgotten', 2);
  await refusedEverywhere('forgotten');
  await cluster.stopRedis();
  expect((await callEverywhere('forgotten')).map(nameOf)).toContain('circuit_open');
  await cluster.restartRedis();
  cluster.release('forgotten');
  await vi.waitFor(async () => expect(textOf(await call('forgotten'))).toBe('forgotten works'), {
    timeout: 10_000,
  });
});
