import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Chart, find, MINIMUM, type Values } from './chart.ts';
import { checkIntegrity, FETCH_TIMEOUT_MS, HELM_VERSIONS, helmProgram } from './helm-binaries.ts';
import { MATRIX } from './value-matrix.ts';

beforeAll(() => {
  for (const version of HELM_VERSIONS) helmProgram(version);
}, FETCH_TIMEOUT_MS);

/** What is refused, and the words that must be in the message. */
const REFUSED: readonly [string, Values, string][] = [
  ['no Redis', { auth: { mode: 'none' } }, 'redis: set one of redis.url'],
  ['two ways to Redis', { ...MINIMUM, valkey: { enabled: true } }, 'redis: set one of redis.url'],
  ['no word on authentication', { redis: MINIMUM['redis'] }, 'auth.mode: say how clients authenticate'],
  ['an unknown way to authenticate', { ...MINIMUM, auth: { mode: 'basic' } }, 'mode'],
  ['an unknown key', { ...MINIMUM, replicas: 3 }, 'replicas'],
  ['an unknown key of a pool', { ...MINIMUM, pools: { default: { slotz: 4 } } }, 'slotz'],
  ['an unknown key of the defaults', { ...MINIMUM, poolDefaults: { autoscaling: { min: 1 } } }, 'min'],
  ['an unknown key of the front door', { ...MINIMUM, frontDoor: { autoscale: true } }, 'autoscale'],
  ['a wrong type', { ...MINIMUM, frontDoor: { replicas: 'two' } }, 'replicas'],
  ['no pool', { ...MINIMUM, pools: { default: null } }, 'pools'],
  ['a pool whose name is no name in Kubernetes', { ...MINIMUM, pools: { Images_2: {} } }, 'Images_2'],
  ['no slots', { ...MINIMUM, pools: { default: { slots: 0 } } }, 'slots'],
  ['an unknown kind of scaling', { ...MINIMUM, poolDefaults: { autoscaling: { mode: 'magic' } } }, 'mode'],
  [
    'fewer workers at most than at least',
    { ...MINIMUM, poolDefaults: { autoscaling: { mode: 'keda', minReplicas: 4, maxReplicas: 2 } } },
    'pools.default.autoscaling: minReplicas 4 is more than maxReplicas 2',
  ],
  [
    'zero workers by an HPA',
    { ...MINIMUM, poolDefaults: { autoscaling: { mode: 'hpa-cpu', minReplicas: 0 } } },
    'pools.default.autoscaling: minReplicas 0 needs mode keda',
  ],
  ['a Redis URL of another kind', { ...MINIMUM, redis: { url: 'http://redis' } }, 'url'],
  [
    'a password that KEDA could not be told',
    { ...MINIMUM, redis: { url: 'redis://:a%2Fb@redis' } },
    'redis.url: a password with %-escapes',
  ],
  [
    'Sentinels and a cluster at the same time',
    { ...MINIMUM, redis: { url: 'redis://a', sentinel: { nodes: ['b:1'] }, cluster: { nodes: ['c:1'] } } },
    'redis.sentinel.nodes, redis.cluster.nodes: set one of them',
  ],
  [
    'Sentinels of the Valkey beside',
    { auth: { mode: 'none' }, valkey: { enabled: true }, redis: { sentinel: { nodes: ['b:1'] } } },
    'valkey.enabled: the Valkey of a trial',
  ],
  [
    'a node without its port',
    { ...MINIMUM, redis: { url: 'redis://a', cluster: { nodes: ['b'] } } },
    'nodes',
  ],
  ['an ingress for no host', { ...MINIMUM, ingress: { enabled: true } }, 'ingress.hosts is empty'],
  ['a route of no gateway', { ...MINIMUM, httpRoute: { enabled: true } }, 'httpRoute.parentRefs is empty'],
  [
    'settings in two places',
    { ...MINIMUM, config: { pageSize: 10 }, existingConfigSecret: 'mine' },
    'config, existingConfigSecret: set one of them',
  ],
  [
    'an unknown key of the Valkey beside',
    { auth: { mode: 'none' }, valkey: { enabled: true, ha: true } },
    'ha',
  ],
];

describe.each(HELM_VERSIONS)('%s', (version) => {
  test.each(Object.keys(MATRIX))('finds nothing to complain of: %s', (name) => {
    expect(new Chart(version).lint(MATRIX[name] ?? {})).toMatchObject({ ok: true });
  });

  test.each(REFUSED)('refuses %s, and says so', (_, values, words) => {
    const { ok, output } = new Chart(version).tryRender(values);
    expect({ ok, output }).toEqual({ ok: false, output: expect.stringContaining(words) });
  });

  test('asks for nothing but a Redis and the kind of authentication', () => {
    const kinds = new Chart(version).render(MINIMUM).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'Deployment')).toHaveLength(2);
  });
});

test('both versions of Helm render the same', () => {
  const [older = '', newer = ''] = HELM_VERSIONS;
  const values = MATRIX['all kinds of scaling'] ?? {};
  const sorted = (version: string) =>
    new Chart(version)
      .render(values)
      .sort((a, b) => `${a.kind}/${a.metadata.name}`.localeCompare(`${b.kind}/${b.metadata.name}`));
  expect(sorted(newer)).toEqual(sorted(older));
});

/** What the environment and the lists of KEDA say of Redis. */
function waysToRedis(name: string) {
  const manifests = new Chart('Helm 4.1').render(MATRIX[name] ?? {});
  const { spec } = find(manifests, 'Deployment', 'demo-millrace-worker-default');
  const { env } = spec.template.spec.containers[0] as { env: { name: string; value?: string }[] };
  const variables = env.filter((one) => /REDIS_(SENT|MASTER|CLUSTER)|PAYLOAD/.test(one.name));
  const [, list] = find(manifests, 'ScaledObject', 'demo-millrace-worker-default').spec.triggers;
  const { spec: auth } = find(manifests, 'TriggerAuthentication', 'demo-millrace-keda-redis');
  return { variables, list, auth: auth.secretTargetRef };
}

test('with Sentinels, the pods and KEDA ask them where Redis is', () => {
  const { variables, list, auth } = waysToRedis('Sentinels with a password, and sealed payloads');
  const secret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });
  expect(variables).toEqual([
    { name: 'MILLRACE_REDIS_SENTINELS', value: 'sentinel-0:26379,sentinel-1:26379' },
    { name: 'MILLRACE_REDIS_MASTER_NAME', value: 'main' },
    { name: 'MILLRACE_REDIS_SENTINEL_PASSWORD', ...secret('sentinels', 'password') },
    { name: 'MILLRACE_PAYLOAD_KEYS', ...secret('seals', 'payload-keys') },
  ]);
  expect(list).toMatchObject({
    type: 'redis-sentinel',
    metadata: {
      addresses: 'sentinel-0:26379,sentinel-1:26379',
      sentinelMaster: 'main',
      databaseIndex: '2',
      listName: 'millrace:{default}:wait',
    },
    authenticationRef: { name: 'demo-millrace-keda-redis' },
  });
  expect(auth).toContainEqual({ parameter: 'sentinelPassword', name: 'sentinels', key: 'password' });
});

test('with a Redis Cluster, the pods and KEDA know some of its nodes', () => {
  const { variables, list, auth } = waysToRedis('a Redis Cluster, its URL in a Secret');
  expect(variables).toEqual([{ name: 'MILLRACE_REDIS_CLUSTER_NODES', value: 'node-0:6379,node-1:6379' }]);
  const { type, metadata } = list;
  expect({ type, metadata }).toEqual({
    type: 'redis-cluster',
    metadata: {
      addresses: 'node-0:6379,node-1:6379',
      listName: 'millrace:{default}:wait',
      listLength: '48',
      activationListLength: '0',
      enableTLS: 'true',
    },
  });
  expect(auth).toEqual([{ parameter: 'password', name: 'my-redis', key: 'password' }]);
});

test('the notes tell where MCP is served, how to try it, and what is open', () => {
  const notes = new Chart('Helm 4.1').notes(MATRIX['all kinds of scaling'] ?? {});
  expect(notes).toContain('http://demo-millrace-front-door.tools.svc:8080/mcp');
  expect(notes).toContain('helm test demo -n tools');
  expect(notes).toContain('Nobody is asked who they are');
  expect(notes).toContain('images: 0 to 10 workers by keda, one for each 3 calls\n');
  expect(notes).toContain('default: 2 workers; no plugins yet, so one tool: hello\n');
});

test('a change of the settings or of the Redis URL starts new pods, the same values do not', () => {
  const checksums = (values: Values) => {
    const { spec } = find(new Chart('Helm 4.1').render(values), 'Deployment', 'demo-millrace-worker-default');
    return spec.template.metadata.annotations;
  };
  const before = checksums(MINIMUM);
  expect(checksums(MINIMUM)).toEqual(before);
  expect(checksums({ ...MINIMUM, config: { pageSize: 7 } })['checksum/config']).not.toBe(
    before['checksum/config'],
  );
  const elsewhere = { ...MINIMUM, redis: { url: 'redis://other:6379' } };
  expect(checksums(elsewhere)['checksum/redis']).not.toBe(before['checksum/redis']);
});

test('a Helm that is not the expected one is not used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-helm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'x.tgz'), 'something else');
  const source = { package: 'helm', version: '1', integrity: 'sha512-expected' };
  expect(() => checkIntegrity(join(folder, 'x.tgz'), source)).toThrow(
    /helm@1: expected sha512-expected, got sha512-/,
  );
});
