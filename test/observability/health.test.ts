import { disconnect, Keys } from '@millrace/broker';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../bench/free-port.ts';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { NamedRedisProxy } from '../support/named-redis-proxy.ts';
import { callTool } from '../support/tasks.ts';

const cluster = await startCluster({ privateRedis: true, plugins: ['fixture', 'checked'] });
afterAll(() => cluster.stop());

const [frontDoor] = cluster.adminUrls;
const [worker] = cluster.workers;
const workerAdmin = `http://127.0.0.1:${(await worker?.listening())?.admin.port}`;

interface Report {
  readonly status: string;
  readonly phase: string;
  readonly checks: readonly { name: string; status: string; responseTimeMs: number; error?: string }[];
  readonly failing: readonly { name: string; error: string }[];
}

async function ask(admin: string | undefined, path: string) {
  const response = await fetch(`${admin}${path}`);
  return { code: response.status, report: (await response.json()) as Report };
}

const UNKNOWN = { name: 'catalogue', error: 'it is not known yet what the workers serve' };

const broken = (check: string, isBroken: boolean) =>
  callTool(cluster.url, 'break', { check, broken: isBroken });
const checkOf = ({ checks }: Report, name: string) => checks.find((check) => check.name === name);

describe('a cluster that is well', () => {
  test.each(['/livez', '/readyz', '/health'])('%s says so, at front door and worker', async (path) => {
    for (const admin of [frontDoor, workerAdmin]) expect((await ask(admin, path)).code).toBe(200);
  });

  test('each check has its name, its status and how long it took', async () => {
    const door = (await ask(frontDoor, '/health')).report;
    expect(door).toMatchObject({ status: 'healthy', phase: 'ready' });
    expect(door.checks.map(({ name }) => name)).toEqual(['redis', 'catalogue', 'event-loop', 'workers']);
    const { checks } = (await ask(workerAdmin, '/health')).report;
    expect(checks.map(({ name }) => name)).toEqual([
      'redis',
      'queue',
      'event-loop',
      'state',
      'checked/database',
      'checked/mail',
      'checked/stuck',
    ]);
    for (const { status, responseTimeMs } of [...door.checks, ...checks]) {
      expect(status).toBe('healthy');
      expect(responseTimeMs).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('a plugin whose need fails', () => {
  test('makes the worker unhealthy, but leaves it its other work', async () => {
    await broken('database', true);
    const { code, report } = await ask(workerAdmin, '/health');
    expect([code, report.status]).toEqual([503, 'unhealthy']);
    expect(checkOf(report, 'checked/database')).toMatchObject({ error: 'database is broken' });
    expect((await ask(workerAdmin, '/readyz')).code).toBe(200);
    await broken('database', false);
    expect((await ask(workerAdmin, '/health')).report.status).toBe('healthy');
  });

  test('only degrades it where it can do without', async () => {
    await broken('mail', true);
    const { code, report } = await ask(workerAdmin, '/health');
    expect([code, report.status]).toEqual([200, 'degraded']);
    await broken('mail', false);
  });

  test('gets 5 s for its answer', async () => {
    await broken('stuck', true);
    const { report } = await ask(workerAdmin, '/health');
    expect(checkOf(report, 'checked/stuck')).toMatchObject({
      status: 'degraded',
      error: 'no answer within 5000 ms',
    });
    await broken('stuck', false);
  }, 15_000);
});

describe('a worker that takes nothing', () => {
  const order = async (what: 'drain' | 'resume') => {
    const fleet = (await (await fetch(`${frontDoor}/workers`)).json()) as { workers: [{ id: string }] };
    const path = `/workers/${fleet.workers[0].id}/${what}`;
    expect((await fetch(`${frontDoor}${path}`, { method: 'POST' })).status).toBe(202);
  };

  test('is not ready, because of its queue', async () => {
    await order('drain');
    await expect.poll(async () => (await ask(workerAdmin, '/readyz')).code).toBe(503);
    const { code, report } = await ask(workerAdmin, '/health');
    expect([code, report.status]).toEqual([503, 'unhealthy']);
    expect(checkOf(report, 'queue')).toMatchObject({
      status: 'unhealthy',
      error: 'no calls are taken from the queue',
    });
  });

  test('is ready when it takes work again', async () => {
    await order('resume');
    await expect.poll(async () => (await ask(workerAdmin, '/readyz')).code).toBe(200);
    expect(checkOf((await ask(workerAdmin, '/health')).report, 'queue')?.status).toBe('healthy');
  });
});

test('a front door is not ready until it knows what the workers serve', async () => {
  const proxy = await NamedRedisProxy.start(cluster.redisUrl);
  proxy.hold('catalogue');
  const port = await freePort();
  const begun = cluster.spawn('front-door', { REDIS_URL: proxy.url, MILLRACE_ADMIN_PORT: String(port) });
  onTestFinished(async () => {
    proxy.mend('catalogue');
    await begun.kill('SIGTERM');
    await proxy.stop();
  });
  const admin = `http://127.0.0.1:${port}`;
  const failing = async () => (await ask(admin, '/readyz')).report.failing;
  await expect.poll(async () => failing().catch(() => []), { timeout: 10_000 }).toContainEqual(UNKNOWN);
  expect((await ask(admin, '/readyz')).code).toBe(503);
  proxy.mend('catalogue');
  await expect.poll(async () => (await ask(admin, '/readyz')).code, { timeout: 10_000 }).toBe(200);
});

async function workersInRedis(): Promise<number> {
  const redis = await connectRedis(cluster.redisUrl);
  const count = await redis.zcard(new Keys(cluster.prefix).workers);
  disconnect(redis);
  return count;
}

describe('while Redis is away', () => {
  beforeAll(() => cluster.stopRedis());

  test('nobody is ready, and everybody is alive', async () => {
    for (const admin of [frontDoor, workerAdmin]) {
      await expect.poll(async () => (await ask(admin, '/readyz')).code, { timeout: 10_000 }).toBe(503);
      const { report } = await ask(admin, '/readyz');
      expect(report.failing.map(({ name }) => name)).toContain('redis');
      expect((await ask(admin, '/health')).report.status).toBe('unhealthy');
      expect((await ask(admin, '/livez')).code).toBe(200);
    }
  });

  test('all are ready again when it is back, and serve', async () => {
    await cluster.restartRedis();
    for (const admin of [frontDoor, workerAdmin]) {
      await expect.poll(async () => (await ask(admin, '/readyz')).code, { timeout: 10_000 }).toBe(200);
    }
    const served = async () => (await callTool(cluster.url, 'echo', { text: 'back' })).result;
    await expect.poll(served, { timeout: 10_000 }).toBeDefined();
    // It came back empty: what the worker has not told again by then is not remembered when it leaves.
    await expect.poll(workersInRedis, { timeout: 10_000 }).toBe(1);
  });
});

test('a worker that drains is not ready, and ends what it has', async () => {
  const held = callTool(cluster.url, 'hold', { key: 'drain' });
  const last = await cluster.logged('started', { key: 'drain' });
  const exited = last.kill('SIGTERM');
  await expect.poll(async () => (await ask(workerAdmin, '/readyz')).report.phase).toBe('draining');
  expect((await ask(workerAdmin, '/readyz')).code).toBe(503);
  cluster.release('drain');
  expect((await held).error).toBeUndefined();
  expect(await exited).toEqual({ code: 0, signal: null });
});

test('a pool whose last worker is gone degrades its front door, which stays ready for others', async () => {
  const status = async () => (await ask(frontDoor, '/health')).report.status;
  await expect.poll(status, { timeout: 10_000 }).toBe('degraded');
  const { code, report } = await ask(frontDoor, '/health');
  expect(code).toBe(200);
  expect(checkOf(report, 'workers')).toMatchObject({
    status: 'degraded',
    error: expect.stringMatching(/^no live worker serves .*default/),
  });
  expect((await ask(frontDoor, '/readyz')).code).toBe(200);
});
