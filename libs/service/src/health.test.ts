import { expect, test } from 'vitest';
import { type Check, runChecks } from './health.ts';

const good: Check = { name: 'good', run: () => undefined };
const bad: Check = { name: 'bad', run: () => Promise.reject(new Error('no answer')) };
const stuck: Check = { name: 'stuck', run: () => new Promise(() => undefined) };

test('all well is healthy', async () => {
  const report = await runChecks([good]);
  expect(report).toEqual({
    status: 'healthy',
    checks: [{ name: 'good', status: 'healthy', responseTimeMs: expect.any(Number) }],
  });
});

test('one failure is unhealthy and carries its message', async () => {
  const report = await runChecks([good, bad]);
  expect(report.status).toBe('unhealthy');
  expect(report.checks[1]).toMatchObject({ name: 'bad', status: 'unhealthy', error: 'no answer' });
});

test('the failure of an optional check only degrades', async () => {
  expect((await runChecks([good, { ...bad, optional: true }])).status).toBe('degraded');
});

test('a check that throws at once counts as failed', async () => {
  const check: Check = {
    name: 'rude',
    run: () => {
      throw new Error('at once');
    },
  };
  expect((await runChecks([check])).checks[0]?.error).toBe('at once');
});

test('a check that never ends is cut off', async () => {
  const report = await runChecks([stuck], 5);
  expect(report.checks[0]).toMatchObject({ status: 'unhealthy', error: 'no answer within 5 ms' });
});

test('nothing to check is healthy', async () => {
  expect(await runChecks([])).toEqual({ status: 'healthy', checks: [] });
});
