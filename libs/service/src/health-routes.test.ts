import { expect, test } from 'vitest';
import type { Check } from './health.ts';
import { healthRoutes } from './health-routes.ts';
import type { Phase } from './lifecycle.ts';

const works: Check = { name: 'redis', readiness: true, run: () => undefined };
const away: Check = {
  name: 'redis',
  readiness: true,
  run: () => {
    throw new Error('it is away');
  },
};
const optional: Check = { ...away, name: 'mail', readiness: false, optional: true };
const database: Check = { ...away, name: 'database', readiness: false };

async function ask(path: string, checks: readonly Check[], phase: Phase = 'ready') {
  const routes = healthRoutes({ phase: () => phase, checks: () => checks, details: () => ({ calls: 3 }) });
  const { status = 200, body } = (await routes[path]?.(new URL(path, 'http://admin'))) ?? {};
  return { status, body: body as Record<string, unknown> };
}

test('a process that answers is alive, whatever else is wrong', async () => {
  expect((await ask('/livez', [away], 'draining')).status).toBe(200);
});

test('it is ready when it serves and what it needs works', async () => {
  expect(await ask('/readyz', [works])).toEqual({
    status: 200,
    body: { phase: 'ready', calls: 3, failing: [] },
  });
});

test.each<Phase>(['initialize', 'draining', 'stopped'])('it is not ready in the phase %s', async (phase) => {
  expect((await ask('/readyz', [works], phase)).status).toBe(503);
});

test('it is not ready without what it needs, and says what that is', async () => {
  const { status, body } = await ask('/readyz', [away]);
  expect([status, body['failing']]).toEqual([503, [{ name: 'redis', error: 'it is away' }]]);
});

test('what only some tools need does not keep the process from getting work', async () => {
  expect((await ask('/readyz', [works, database])).status).toBe(200);
});

test.each([
  [[works], 200, 'healthy'],
  [[works, optional], 200, 'degraded'],
  [[works, optional, database], 503, 'unhealthy'],
])('health tells the worst of all checks (%#)', async (checks, status, told) => {
  const answer = await ask('/health', checks);
  expect([answer.status, answer.body['status']]).toEqual([status, told]);
  expect(answer.body['checks']).toHaveLength(checks.length);
});

test('a process that drains is degraded at best', async () => {
  expect((await ask('/health', [works], 'draining')).body['status']).toBe('degraded');
});
