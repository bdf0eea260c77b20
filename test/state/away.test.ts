import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
} from '../../apps/example-database/src/testing/postgres-server.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { metricOf } from '../support/metric.ts';
import { PostgresProxy } from '../support/postgres-proxy.ts';
import { callModern } from './keeping.ts';

const STARTING_MS = 60_000;
const AWAY = { type: 'unavailable', retryable: true, retryAfterMs: 500, details: { reason: 'unavailable' } };

/** The store of state is away while everything else goes on: calls that need it say so, and nothing is lost. */
describe.runIf(hasPostgres())('state in a Postgres that is away for a while', () => {
  let server: PostgresServer;
  let proxy: PostgresProxy;
  let cluster: Cluster;
  let url = '';

  beforeAll(async () => {
    server = await startPostgres();
    proxy = await PostgresProxy.start(server.url);
    const workerEnv = { MILLRACE_STATE_STORE: 'hybrid', MILLRACE_STATE_DATABASE_URL: proxy.url };
    cluster = await startCluster({ workers: 2, plugins: ['keeping', 'fixture'], workerEnv });
    url = cluster.url;
  }, STARTING_MS);
  afterAll(async () => {
    await cluster?.stop();
    await proxy?.stop();
    await server?.stop();
  }, STARTING_MS);

  const keep = (value: unknown, handle?: string) =>
    callModern<{ handle?: string; type?: string }>(url, 'keep', { key: 'k', value, handle });
  const book = (expected: number) =>
    callModern<{ version?: number }>(url, 'book', { id: 'away', expected, amounts: [1] });

  test('calls that need it fail with what can be tried again, others do not notice, and all is there again', async () => {
    const { handle } = await keep('before');
    await book(0);
    await proxy.cut();
    for (let n = 0; n < 4; n += 1) {
      expect(await keep('while away', handle)).toMatchObject(AWAY);
      expect(await book(1)).toMatchObject(AWAY);
    }
    expect(await callModern(url, 'balance', { id: 'away' })).toMatchObject(AWAY);
    expect((await callModern<{ type?: string }>(url, 'count')).type).toBe('unavailable');
    const { admin } = (await cluster.workers[0]?.listening()) ?? {};
    const health = await fetch(`http://127.0.0.1:${admin?.port}/health`);
    expect(await health.json()).toMatchObject({
      status: 'degraded',
      checks: expect.arrayContaining([expect.objectContaining({ name: 'state', status: 'degraded' })]),
    });

    await proxy.mend();
    await expect
      .poll(() => callModern(url, 'recall', { key: 'k', handle }), { timeout: 10_000 })
      .toMatchObject({ value: 'before' });
    expect(await keep('after', handle)).toHaveProperty('version');
    expect(await callModern(url, 'recall', { key: 'k', handle })).toMatchObject({ value: 'after' });
    expect(await book(1)).toMatchObject({ version: 2 });
    const failed = await Promise.all(
      cluster.workers.map(async (worker) => {
        const { admin: own } = await worker.listening();
        const counted = { operation: 'append', outcome: 'unavailable' };
        return metricOf(`http://127.0.0.1:${own.port}`, 'millrace_state_operations_total', counted);
      }),
    );
    expect(failed.reduce<number>((sum, n) => sum + (n ?? 0), 0)).toBe(4);
  });
});

test.each([
  ['postgres://nobody@127.0.0.1:1/none', /MILLRACE_STATE_DATABASE_URL: the database cannot be used/],
  ['mysql://here', /MILLRACE_STATE_DATABASE_URL.*a postgres:\/\/ or pglite: URL/s],
])('a worker does not start with the database %s, and says why', async (database, says) => {
  const cluster = await startCluster({ workers: 0, plugins: ['keeping'] });
  try {
    const worker = cluster.spawn('worker', {
      MILLRACE_STATE_STORE: 'postgres',
      MILLRACE_STATE_DATABASE_URL: database,
    });
    expect((await worker.exited).code).not.toBe(0);
    expect(worker.stderr + JSON.stringify(worker.logs.all)).toMatch(says);
  } finally {
    await cluster.stop();
  }
});
