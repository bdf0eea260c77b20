import { findRedis, type LocalRedis } from '@millrace/broker';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { WatchedRedis } from '../redis/watched-redis.ts';
import { connectModern } from '../support/clients.ts';
import { pluginPath } from '../support/plugin-path.ts';
import { find, type Values } from './chart.ts';
import { FETCH_TIMEOUT_MS, HELM_VERSIONS, helmProgram } from './helm-binaries.ts';
import { decide } from './keda.ts';
import { Release } from './release.ts';

const VERSION = HELM_VERSIONS.at(-1) ?? '';
/** Each test starts processes of its own, some of them in turn. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Until what was sent has come to rest in the queue. */
const SETTLED_MS = 20_000;

let redis: LocalRedis;
let release: Release | undefined;

beforeAll(async () => {
  helmProgram(VERSION);
  redis = await findRedis({});
}, FETCH_TIMEOUT_MS);

afterEach(async () => {
  await release?.stop();
  release = undefined;
});

afterAll(() => redis.stop());

function install(autoscaling: Values, values: Values = {}): Release {
  release = new Release(redis.url, autoscaling, values);
  return release;
}

test('real work on a real queue gives the replicas that the arithmetic says', async () => {
  const release = install({ targetUtilization: 0.75, targetWaitMs: 600_000, maxReplicas: 30 });
  const frontDoor = await release.startFrontDoor();
  const worker = await release.startWorker();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  expect(await release.decide()).toMatchObject({ values: { demand: 0 }, active: false, replicas: 1 });

  const client = await connectModern(release.url);
  // More than are let onto the queue of a pool of 4 slots: the others wait in the front door, and count as well.
  const hold = () => client.callTool({ name: 'hold', arguments: { key: 'scaling' } });
  const calls = Array.from({ length: 100 }, hold);
  // Of 4 slots 3 should be taken: one worker for each 3 calls, 34 of them, of which 30 are allowed.
  const decision = await vi.waitFor(async () => {
    const now = await release.decide();
    expect(now).toMatchObject({ values: { demand: 100 }, active: true, wanted: 34, replicas: 30 });
    return now;
  }, SETTLED_MS);
  const { wait_0: waiting = 0, active_0: active = 0 } = decision.values;
  expect(active).toBeGreaterThan(0);
  expect(waiting + active).toBeLessThan(100);

  worker.release('scaling');
  await Promise.all(calls);
  await vi.waitFor(async () => {
    expect(await release.decide()).toMatchObject({
      values: { demand: 0, wait_0: 0, active_0: 0 },
      replicas: 1,
    });
  }, SETTLED_MS);
});

test.each([
  ['the highest of all triggers', false],
  ['a formula over all triggers', true],
])('with %s, the lists stand in for a front door that does not answer', async (_, scalingModifiers) => {
  const release = install({ callsPerReplica: 1, maxReplicas: 50, keda: { scalingModifiers } });
  const frontDoor = await release.startFrontDoor();
  const worker = await release.startWorker();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const client = await connectModern(release.url);
  const calls = Array.from({ length: 7 }, () =>
    client.callTool({ name: 'hold', arguments: { key: 'lists' } }),
  );
  const seen = await vi.waitFor(async () => {
    const now = await release.decide();
    expect(now.values['demand']).toBe(7);
    expect((now.values['wait_0'] ?? 0) + (now.values['active_0'] ?? 0)).toBeGreaterThan(0);
    return now;
  }, SETTLED_MS);
  expect(seen.wanted).toBe(7);

  release.admin = '127.0.0.1:1';
  const { values, wanted = 0, active } = await release.decide();
  const { wait_0: waiting = 0, active_0: running = 0 } = values;
  expect(values['demand']).toBeUndefined();
  expect(active).toBe(true);
  expect(wanted).toBe(scalingModifiers ? waiting + running : Math.max(waiting, running));
  expect(wanted).toBeGreaterThan(0);
  worker.release('lists');
  await Promise.all(calls);
});

test('a call to a pool without workers brings the first one, which answers it', async () => {
  const release = install({ minReplicas: 0 });
  const frontDoor = await release.startFrontDoor();
  const first = await release.startWorker();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  first.signal('SIGTERM');
  expect(await first.ended()).toBe(0);
  await frontDoor.logs.first('the catalogue changed', { workers: 0 });
  expect(await release.decide()).toMatchObject({ active: false, replicas: 0 });

  const client = await connectModern(release.url);
  const answer = client.callTool({ name: 'echo', arguments: { text: 'good morning' } });
  await vi.waitFor(async () => {
    expect(await release.decide()).toMatchObject({ values: { demand: 1 }, active: true, replicas: 1 });
  }, SETTLED_MS);
  await release.startWorker();
  expect(await answer).toMatchObject({ content: [{ type: 'text', text: 'good morning' }] });
});

test('workers of several pools are needed for the calls of all of them', async () => {
  const pool = {
    serves: ['default', 'other'],
    plugins: [pluginPath('fixture')],
    autoscaling: { mode: 'keda' },
  };
  const release = install({}, { pools: { default: pool } });
  await release.startFrontDoor();
  const { values } = await release.decide();
  expect(values).toEqual({ demand: 0, wait_0: 0, active_0: 0, wait_1: 0, active_1: 0 });
  const { prefix } = release;
  const lists = release.scaledObject.spec.triggers.flatMap(
    ({ metadata }: { metadata: { listName?: string } }) =>
      metadata.listName === undefined ? [] : [metadata.listName],
  );
  expect(lists).toEqual(
    ['default', 'other'].flatMap((name) => [`${prefix}:{${name}}:wait`, `${prefix}:{${name}}:active`]),
  );
});

test('with Sentinels KEDA reads the lists of the master, also of the one that takes over', async () => {
  const watched = await WatchedRedis.start();
  onTestFinished(() => watched.stop());
  const nodes = watched.env['MILLRACE_REDIS_SENTINELS']?.split(',');
  const masterName = watched.env['MILLRACE_REDIS_MASTER_NAME'];
  const shared = { redis: { url: watched.env['REDIS_URL'], sentinel: { nodes, masterName } } };
  const sentinelRelease = new Release(watched.url, { callsPerReplica: 1 }, shared);
  onTestFinished(() => sentinelRelease.stop(watched.url));
  const frontDoor = await sentinelRelease.startFrontDoor();
  const worker = await sentinelRelease.startWorker();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const client = await connectModern(sentinelRelease.url);
  const call = client.callTool({ name: 'hold', arguments: { key: 'watched' } });
  const listed = { values: { demand: undefined, wait_0: 0, active_0: 1 }, active: true, wanted: 1 };
  sentinelRelease.admin = '127.0.0.1:1';
  await vi.waitFor(async () => expect(await sentinelRelease.decide()).toMatchObject(listed), SETTLED_MS);

  await watched.failOver();
  expect(await sentinelRelease.decide()).toMatchObject(listed);
  worker.release('watched');
  await call;
});

test('a trigger of a kind that is not known is an error, not a guess', async () => {
  const { spec } = install({}).scaledObject;
  const [{ metadata }] = spec.triggers;
  const foreign = { ...spec, triggers: [{ type: 'redis-cluster', name: 'demand', metadata }] };
  await expect(decide(foreign, { resolve: (host) => host })).rejects.toThrow(/redis-cluster/);
});

test('the rendered pods serve the call of helm test, and end with 0 on SIGTERM', async () => {
  const values = { pools: { default: {} }, config: { pageSize: 10, frontDoor: {}, worker: {} } };
  const shared = { ...values, config: { frontDoor: { pageSize: 10 }, worker: { lockMs: 6_000 } } };
  const release = install({}, shared);
  const frontDoor = await release.startFrontDoor();
  const worker = await release.startWorker();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const { spec } = find(release.manifests, 'Pod', 'demo-millrace-test');
  const client = release.run(spec);
  expect([await client.ended(), client.output]).toEqual([0, expect.stringContaining('hello, world')]);
  for (const pod of [frontDoor, worker]) pod.signal('SIGTERM');
  expect(await Promise.all([frontDoor.ended(), worker.ended()])).toEqual([0, 0]);
});

test('with API keys the pods share a key of the chart, and helm test needs a credential', async () => {
  const release = install({}, { pools: { default: {} }, auth: { mode: 'api-key' } });
  const frontDoor = await release.startFrontDoor();
  await release.startWorker();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const frontDoorSpec = find(release.manifests, 'Deployment', 'demo-millrace-front-door').spec.template.spec;
  const command = 'node apps/cli/src/main.ts keys create --name helm --role execute:tools'.split(' ');
  const keys = release.run({ ...frontDoorSpec, containers: [{ ...frontDoorSpec.containers[0], command }] });
  expect(await keys.ended()).toBe(0);
  const [key] = /mrk_\S+/.exec(keys.output) ?? [];

  const { spec } = find(release.manifests, 'Pod', 'demo-millrace-test');
  const stranger = release.run(spec);
  expect(await stranger.ended()).toBe(1);
  expect(stranger.output).toMatch(/401|unauthori[sz]ed/i);
  const client = release.run(spec, { MILLRACE_TEST_AUTHORIZATION: `Bearer ${key}` });
  expect([await client.ended(), client.output]).toEqual([0, expect.stringContaining('hello, world')]);
});

test('helm test fails when nothing answers', async () => {
  const release = install({}, { pools: { default: {} } });
  const { spec } = find(release.manifests, 'Pod', 'demo-millrace-test');
  const client = release.run(spec, { MILLRACE_URL: 'http://127.0.0.1:1/mcp', MILLRACE_PATIENCE_MS: '0' });
  expect(await client.ended()).toBe(1);
});
