import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CHART, Chart, find, type Manifest, MINIMUM, podsOf } from './chart.ts';
import { FETCH_TIMEOUT_MS, HELM_VERSIONS, helmProgram } from './helm-binaries.ts';
import { faultsOf } from './kubernetes-types.ts';
import { restrictedFaultsOf } from './pod-security.ts';
import { danglingOf } from './references.ts';
import { MATRIX } from './value-matrix.ts';

const NEWEST = HELM_VERSIONS.at(-1) ?? '';
const rendered = new Map<string, Manifest[]>();

beforeAll(() => {
  helmProgram(NEWEST);
  for (const [name, values] of Object.entries(MATRIX)) rendered.set(name, new Chart(NEWEST).render(values));
}, FETCH_TIMEOUT_MS);

const of = (name: string): Manifest[] => rendered.get(name) ?? [];

/** The field has a value that the models do not know yet: KEDA 2.21 has it (keda.sh/docs/2.21/reference/scaledobject-spec). */
function asOfKeda220(manifest: Manifest): Manifest {
  if (manifest.spec?.fallback?.behavior !== 'scalingModifiers') return manifest;
  return {
    ...manifest,
    spec: { ...manifest.spec, fallback: { ...manifest.spec.fallback, behavior: 'static' } },
  };
}

test('every manifest has only fields that Kubernetes and the operators know, with values that they take', async () => {
  const distinct = new Map(
    [...rendered.values()].flat().map((one) => [JSON.stringify(one), asOfKeda220(one)]),
  );
  expect(distinct.size).toBeGreaterThan(70);
  expect(await faultsOf([...distinct.values()])).toEqual([]);
}, 60_000);

test('an unknown field, a wrong type, a missing field and a value out of range are found out', async () => {
  const deployment = find(of('nothing but what is needed'), 'Deployment', 'demo-millrace-worker-default');
  const change = (spec: object) => ({ ...deployment, spec: { ...deployment.spec, ...spec } });
  const scaled = find(of('all kinds of scaling'), 'ScaledObject', 'demo-millrace-worker-images');
  const faulty = [
    change({ replica: 2 }),
    change({ replicas: 'two' }),
    change({ selector: undefined }),
    {
      ...scaled,
      spec: { ...scaled.spec, fallback: { failureThreshold: 1, replicas: 2, behavior: 'panic' } },
    },
    { ...scaled, spec: { ...scaled.spec, triggerz: [] } },
  ];
  for (const one of faulty) expect(await faultsOf([one])).not.toEqual([]);
}, 60_000);

describe.each(Object.keys(MATRIX))('%s', (name) => {
  test('every pod meets the restricted standard', () => {
    const faults = podsOf(of(name)).flatMap((pod) =>
      restrictedFaultsOf(pod.spec).map((fault) => `${pod.name}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  test('what one manifest names, another one has', () => {
    expect(danglingOf(of(name))).toEqual([]);
  });

  test('every name is one that Kubernetes takes', () => {
    const names = of(name).map(({ metadata }) => metadata.name);
    expect(names.filter((one) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(one))).toEqual([]);
  });
});

test('a reference that leads nowhere, and a pod that may too much, are found out', () => {
  const manifests = of('nothing but what is needed');
  const without = (kind: string, name: string) =>
    manifests.filter((one) => !(one.kind === kind && one.metadata.name === name));
  expect(danglingOf(without('Secret', 'demo-millrace-redis'))).toContain(
    'Deployment demo-millrace-front-door: Secret demo-millrace-redis',
  );
  expect(danglingOf(without('Deployment', 'demo-millrace-front-door'))).toEqual(
    expect.arrayContaining([
      'HorizontalPodAutoscaler demo-millrace-front-door: Deployment demo-millrace-front-door',
      expect.stringMatching(/^PodDisruptionBudget demo-millrace-front-door: nothing has the labels/),
    ]),
  );
  expect(
    restrictedFaultsOf({ containers: [{ securityContext: { privileged: true } }], hostNetwork: true }),
  ).toHaveLength(9);
});

test('a worker that has to go gets as long as the longest call of its pool, a front door as the longest of all', () => {
  const manifests = of('all kinds of scaling');
  const graceOf = (name: string) => {
    const { spec } = find(manifests, 'Deployment', `demo-millrace-${name}`).spec.template;
    const env = spec.containers[0].env.find(
      (one: { name: string }) => one.name === 'MILLRACE_SHUTDOWN_TIMEOUT_MS',
    );
    const preStop = Number(spec.containers[0].lifecycle?.preStop.exec.command[1] ?? 0);
    return { own: env.value / 1_000, grace: spec.terminationGracePeriodSeconds, preStop };
  };
  expect(graceOf('worker-default')).toEqual({ own: 60, grace: 70, preStop: 0 });
  expect(graceOf('worker-images')).toEqual({ own: 300, grace: 310, preStop: 0 });
  expect(graceOf('front-door')).toEqual({ own: 300, grace: 310, preStop: 5 });
});

test('a pool without plugins has the tool of the chart; one with plugins has those only', () => {
  const manifests = of('all kinds of scaling');
  const pluginsOf = (pool: string) => {
    const { spec } = find(manifests, 'Deployment', `demo-millrace-worker-${pool}`).spec.template;
    const { env, volumeMounts } = spec.containers[0];
    const plugins = env.find((one: { name: string }) => one.name === 'MILLRACE_PLUGINS').value;
    return [plugins, volumeMounts.some((mount: { name: string }) => mount.name === 'tools-of-the-chart')];
  };
  expect(pluginsOf('default')).toEqual(['./tools-of-the-chart/hello.ts', true]);
  expect(pluginsOf('images')).toEqual(['./tools/images.ts', false]);
});

test('the replicas are left to whatever scales', () => {
  const replicas = (name: string, deployment: string) =>
    find(of(name), 'Deployment', deployment).spec.replicas;
  expect(replicas('all kinds of scaling', 'demo-millrace-worker-default')).toBe(2);
  for (const pool of ['images', 'texts', 'maths', 'words']) {
    expect(replicas('all kinds of scaling', `demo-millrace-worker-${pool}`)).toBeUndefined();
  }
  expect(replicas('all kinds of scaling', 'demo-millrace-front-door')).toBe(2);
  expect(replicas('nothing but what is needed', 'demo-millrace-front-door')).toBeUndefined();
});

test('only the release, KEDA and Prometheus reach the admin ports', () => {
  const { spec } = find(of('nothing but what is needed'), 'NetworkPolicy', 'demo-millrace-front-door');
  const [mcp, admin] = spec.ingress;
  expect([mcp.ports[0].port, mcp.from]).toEqual([8080, undefined]);
  expect(admin.ports[0].port).toBe(9090);
  expect(admin.from).toHaveLength(2);
  expect(admin.from[1].namespaceSelector.matchExpressions[0].values).toEqual(['keda', 'monitoring']);
});

test('rules and dashboards of the chart reach the operators as they are, templates of theirs included', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-chart-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(CHART, folder, { recursive: true });
  const rule = { alert: 'Slow', expr: 'up == 0', annotations: { summary: '{{ $labels.pool }} is slow' } };
  writeFileSync(
    join(folder, 'files/rules/example.yaml'),
    JSON.stringify({ groups: [{ name: 'example', rules: [rule] }] }),
  );
  writeFileSync(join(folder, 'files/dashboards/example.json'), JSON.stringify({ title: '{{pool}}' }));
  const manifests = new Chart(NEWEST, folder).render(MATRIX['watched by Prometheus and Grafana'] ?? {});
  const { groups } = find(manifests, 'PrometheusRule').spec;
  expect(groups.find((group: { name: string }) => group.name === 'example').rules).toEqual([rule]);
  const dashboard = find(manifests, 'ConfigMap', 'demo-millrace-dashboard-example');
  expect(JSON.parse(dashboard.data?.['example.json'] ?? '')).toEqual({ title: '{{pool}}' });
  expect(dashboard.metadata.labels?.['grafana_dashboard']).toBe('1');
});

test('secrets stay in Secrets: no manifest of another kind holds a password', () => {
  const values = {
    ...MINIMUM,
    redis: { url: 'redis://user:hunter2@redis:6379' },
    config: { stateKey: 'hunter2'.repeat(8) },
  };
  const open = new Chart(NEWEST).render(values).filter(({ kind }) => kind !== 'Secret');
  expect(JSON.stringify(open)).not.toContain('hunter2');
});
