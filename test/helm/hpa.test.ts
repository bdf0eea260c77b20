import { findRedis, type LocalRedis } from '@millrace/broker';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { pluginPath } from '../support/plugin-path.ts';
import { find, type Values } from './chart.ts';
import { FETCH_TIMEOUT_MS, HELM_VERSIONS, helmProgram } from './helm-binaries.ts';
import { seriesIn, wantedReplicas } from './hpa.ts';
import { Release } from './release.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Until what was sent has come to rest in the queue. */
const SETTLED_MS = 20_000;
const SLOTS = 4;

let redis: LocalRedis;
let release: Release | undefined;

beforeAll(async () => {
  helmProgram(HELM_VERSIONS.at(-1) ?? '');
  redis = await findRedis({});
}, FETCH_TIMEOUT_MS);

afterEach(async () => {
  await release?.stop();
  release = undefined;
});

afterAll(() => redis.stop());

function install(external: Values = {}): Release {
  const pool = {
    serves: ['default', 'other'],
    slots: SLOTS,
    plugins: [pluginPath('fixture')],
    autoscaling: { mode: 'hpa-external', callsPerReplica: 1, external },
  };
  release = new Release(redis.url, {}, { pools: { default: pool } });
  return release;
}

const specOf = ({ manifests }: Release) =>
  find(manifests, 'HorizontalPodAutoscaler', 'demo-millrace-worker-default').spec;

test('workers of several pools are asked for by the sum of what waits in them, as by KEDA', async () => {
  const installed = install();
  const frontDoor = await installed.startFrontDoor();
  const worker = await installed.startWorker();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const client = await connectModern(installed.url);
  // They take all slots, so that calls wait in both pools.
  const held = Array.from({ length: SLOTS + 2 }, () =>
    client.callTool({ name: 'hold', arguments: { key: 'both' } }),
  );
  await worker.logs.first('started', { key: 'both' });
  const elsewhere = Array.from({ length: 3 }, () => client.callTool({ name: 'elsewhere' }));

  await vi.waitFor(async () => {
    const exposition = await (await fetch(`http://${installed.admin}/metrics`)).text();
    const demandOf = (pool: string) =>
      seriesIn(exposition, 'millrace_pool_demand').find(({ labels }) => labels['pool'] === pool)?.value ?? 0;
    expect(demandOf('default')).toBeGreaterThanOrEqual(SLOTS + 2);
    expect(demandOf('other')).toBeGreaterThanOrEqual(3);
    const wanted = wantedReplicas(specOf(installed), (name) => seriesIn(exposition, name));
    expect(wanted).toBe(demandOf('default') + demandOf('other'));
  }, SETTLED_MS);
  worker.release('both');
  await Promise.all([...held, ...elsewhere]);
});

test('other pools, and series that lack the labels of the installation, do not count', () => {
  const spec = specOf(install({ matchLabels: { cluster: 'one' } }));
  const series = (pool: string, cluster: string, value: number) => ({ labels: { pool, cluster }, value });
  const seriesOf = () => [
    series('default', 'one', 2),
    series('other', 'one', 3),
    series('images', 'one', 10),
    series('default', 'two', 100),
  ];
  expect(wantedReplicas(spec, seriesOf)).toBe(5);
});
