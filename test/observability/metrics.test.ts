import { METRICS } from '@millrace/service';
import { afterAll, describe, expect, test } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { documentedMetrics } from '../support/documented-metrics.ts';
import { metricOf } from '../support/metric.ts';
import { Session } from '../support/session.ts';
import { send, toolCall } from '../support/wire.ts';

const cluster = await startCluster({ env: { MILLRACE_HEARTBEAT_MS: '100', MILLRACE_WORKER_TTL_MS: '600' } });
afterAll(() => cluster.stop());

const [frontDoor] = cluster.adminUrls;
const [worker] = cluster.workers;
const workerAdmin = `http://127.0.0.1:${(await worker?.listening())?.admin.port}`;

const read = async (admin: string | undefined) => (await fetch(`${admin}/metrics`)).text();
const typesIn = (text: string) =>
  [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);

describe('the table of docs/metrics.md', () => {
  test('lists what the processes expose, all of it and nothing else', async () => {
    const exposed = new Set([...typesIn(await read(frontDoor)), ...typesIn(await read(workerAdmin))]);
    const documented = documentedMetrics().map(({ name, type }) => `${name} ${type}`);
    expect([...exposed].sort()).toEqual(documented.toSorted());
  });

  test('has the labels and the words of the code', () => {
    const rows = new Map(documentedMetrics().map((row) => [row.name, row]));
    for (const { name, type, help, ...instrument } of Object.values(METRICS)) {
      const labels: readonly string[] = 'labels' in instrument ? instrument.labels : [];
      expect(rows.get(name)).toEqual({ name, type, labels, help });
    }
  });
});

test('figures are on the admin port, and not on the public one', async () => {
  const answer = await fetch(`${frontDoor}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect((await fetch(cluster.url.replace('/mcp', '/metrics'))).status).toBe(404);
});

test('a call is counted where it passes: front door, queue, worker and tool', async () => {
  const client = await connectModern(cluster.url);
  for (let call = 0; call < 3; call += 1)
    await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
  const ok = { tool: 'echo', status: 'ok' };
  expect(await metricOf(workerAdmin, 'mcp_tool_executions_total', ok)).toBe(3);
  expect(await metricOf(workerAdmin, 'mcp_tool_execution_duration_seconds_count', ok)).toBe(3);
  expect(await metricOf(workerAdmin, 'millrace_queue_wait_seconds_count', { pool: 'default' })).toBe(3);
  const answered = { method: 'tools/call', status: 'ok' };
  expect(await metricOf(frontDoor, 'mcp_server_operation_duration_seconds_count', answered)).toBe(3);
  expect(await metricOf(frontDoor, 'millrace_batch_calls_sum', { pool: 'default' })).toBe(3);
  expect(await metricOf(frontDoor, 'mcp_active_connections', { transport: 'http' })).toBeGreaterThan(0);
});

test('what no process knows of is counted, but makes no label', async () => {
  for (const name of ['made-up-1', 'made-up-2']) await send(cluster.url, toolCall(name, {}));
  expect(await metricOf(frontDoor, 'millrace_refused_total', { reason: 'unknown_tool' })).toBe(2);
  expect((await read(frontDoor)) + (await read(workerAdmin))).not.toContain('made-up');
});

test('the state of the cluster is told: backlog, workers, Redis, slots, machine', async () => {
  expect(await metricOf(frontDoor, 'millrace_workers', { pool: 'default' })).toBe(1);
  expect(await read(frontDoor)).toContain('millrace_backlog_calls{pool="default",state="waiting"} 0');
  expect(await metricOf(workerAdmin, 'millrace_slots')).toBe(64);
  for (const admin of [frontDoor, workerAdmin]) {
    expect(await metricOf(admin, 'millrace_redis_up')).toBe(1);
    expect(await metricOf(admin, 'millrace_redis_round_trip_seconds')).toBeGreaterThan(0);
    expect(await metricOf(admin, 'millrace_redis_memory_bytes')).toBeGreaterThan(0);
    expect(await metricOf(admin, 'millrace_memory_limit_bytes')).toBeGreaterThan(0);
    expect(await metricOf(admin, 'millrace_disk_size_bytes')).toBeGreaterThan(0);
  }
});

test('sessions are counted when they begin and when their clients end them', async () => {
  const session = await Session.open(cluster.url);
  expect((await fetch(cluster.url, { method: 'DELETE', headers: session.headers })).status).toBe(204);
  expect(await metricOf(frontDoor, 'millrace_sessions_total', { event: 'opened' })).toBe(1);
  expect(await metricOf(frontDoor, 'millrace_sessions_total', { event: 'ended' })).toBe(1);
});

test('a worker that dies is lost, one that leaves is not', async () => {
  const leaving = await cluster.startWorker();
  await cluster.seesWorkers(2);
  await leaving.kill('SIGTERM');
  const dying = await cluster.startWorker();
  await expect.poll(() => metricOf(frontDoor, 'millrace_workers', { pool: 'default' })).toBe(2);
  await dying.kill('SIGKILL');
  await expect.poll(() => metricOf(frontDoor, 'millrace_workers_lost_total'), { timeout: 10_000 }).toBe(1);
  expect(await metricOf(frontDoor, 'millrace_workers', { pool: 'default' })).toBe(1);
});
