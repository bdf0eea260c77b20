import { type Manifest, type Pod, podsOf, type Tree } from './chart.ts';

/** Names that are given by whoever installs. */
const FROM_OUTSIDE = ['my-redis', 'my-config', 'redis-ca', 'sentinels', 'seals', 'keys', 'more', 'test-key'];

type Labels = Readonly<Record<string, string>>;
type Target = readonly [kind: string, name: string | undefined];

/** References between manifests that lead nowhere: names, labels and ports. @returns one line each */
export function danglingOf(manifests: readonly Manifest[]): string[] {
  const pods = podsOf(manifests);
  const names = new Set(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const exists = ([kind, name]: Target) =>
    name === undefined || FROM_OUTSIDE.includes(name) || names.has(`${kind} ${name}`);
  const missing = (from: string, targets: readonly Target[]) =>
    targets.filter((target) => !exists(target)).map((target) => `${from}: ${target.join(' ')}`);
  return [
    ...pods.flatMap((pod) => [...missing(pod.name, namedByPod(pod.spec)), ...danglingInside(pod)]),
    ...manifests.flatMap((manifest) => [
      ...missing(
        `${manifest.kind} ${manifest.metadata.name}`,
        NAMED_BY[manifest.kind]?.(manifest.spec) ?? [],
      ),
      ...selectsNothing(manifest, manifests, pods),
    ]),
  ];
}

const NAMED_BY: Readonly<Record<string, (spec: Tree) => Target[]>> = {
  HorizontalPodAutoscaler: (spec) => [['Deployment', spec.scaleTargetRef.name]],
  ScaledObject: (spec) => [
    ['Deployment', spec.scaleTargetRef.name],
    ...spec.triggers.map((one: Tree): Target => ['TriggerAuthentication', one.authenticationRef?.name]),
  ],
  TriggerAuthentication: (spec) => spec.secretTargetRef.map((one: Tree): Target => ['Secret', one.name]),
  Ingress: (spec) =>
    spec.rules.flatMap(({ http }: Tree) =>
      http.paths.map(({ backend }: Tree): Target => ['Service', backend.service.name]),
    ),
  HTTPRoute: (spec) =>
    spec.rules.flatMap((rule: Tree) => rule.backendRefs.map(({ name }: Tree): Target => ['Service', name])),
};

function namedByPod({ serviceAccountName, volumes = [], containers }: Tree): Target[] {
  const account = serviceAccountName === 'default' ? undefined : serviceAccountName;
  return [
    ['ServiceAccount', account],
    ...volumes.flatMap(({ secret, configMap }: Tree): Target[] => [
      ['Secret', secret?.secretName],
      ['ConfigMap', configMap?.name],
    ]),
    ...containers.flatMap(({ env = [], envFrom = [] }: Tree): Target[] => [
      ...env.map(({ valueFrom }: Tree): Target => ['Secret', valueFrom?.secretKeyRef?.name]),
      ...envFrom.map(({ secretRef }: Tree): Target => ['Secret', secretRef?.name]),
      ...envFrom.map(({ configMapRef }: Tree): Target => ['ConfigMap', configMapRef?.name]),
    ]),
  ];
}

/** Volumes that are mounted but not there, and ports that probes ask but nobody opens. */
function danglingInside({ name, spec }: Pod): string[] {
  const volumes = (spec.volumes ?? []).map((volume: Tree) => volume.name);
  // Those of a StatefulSet come from its claims.
  if (name.startsWith('StatefulSet')) volumes.push('data');
  return spec.containers.flatMap((container: Tree) => {
    const ports = (container.ports ?? []).map((port: Tree) => port.name);
    const probes = [container.livenessProbe, container.readinessProbe];
    const asked = probes.map((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port).filter(Boolean);
    const mounted = (container.volumeMounts ?? []).map((mount: Tree) => mount.name);
    return [
      ...mounted
        .filter((volume: string) => !volumes.includes(volume))
        .map((volume: string) => `${name}: volume ${volume}`),
      ...asked.filter((port) => !ports.includes(port)).map((port) => `${name}: port ${port}`),
    ];
  });
}

function selectsNothing(manifest: Manifest, manifests: readonly Manifest[], pods: readonly Pod[]): string[] {
  const from = `${manifest.kind} ${manifest.metadata.name}`;
  const own = pods.filter((pod) => !pod.name.startsWith('Pod '));
  return selectorsOf(manifest, manifests).flatMap(({ labels, port, of = own }) => {
    const chosen = of.filter(({ metadata }) => includes(metadata.labels ?? {}, labels));
    if (chosen.length === 0) return [`${from}: nothing has the labels ${JSON.stringify(labels)}`];
    return port === undefined || chosen.every((one) => opens(one, port)) ? [] : [`${from}: no port ${port}`];
  });
}

interface Selector {
  readonly labels: Labels;
  /** Name of the port that all that is selected must have. */
  readonly port?: string;
  /** What is selected among; pods unless given. */
  readonly of?: readonly Pick<Manifest, 'metadata' | 'spec'>[];
}

function selectorsOf({ kind, spec }: Manifest, manifests: readonly Manifest[]): Selector[] {
  if (kind === 'Service')
    return spec.ports.map(({ targetPort: port }: Tree) => ({ labels: spec.selector, port }));
  if (kind === 'PodDisruptionBudget') return [{ labels: spec.selector.matchLabels }];
  if (kind === 'NetworkPolicy') return [{ labels: spec.podSelector.matchLabels }];
  if (kind === 'Deployment') {
    const spread = (spec.template.spec.topologySpreadConstraints ?? []).map((one: Tree) => one.labelSelector);
    const selectors = [spec.selector, ...spread].filter(Boolean);
    return selectors.map(({ matchLabels: labels }: Tree) => ({ labels }));
  }
  if (kind !== 'ServiceMonitor') return [];
  const of = manifests.filter((one) => one.kind === 'Service');
  return spec.endpoints.map(({ port }: Tree) => ({ labels: spec.selector.matchLabels, port, of }));
}

/** Whether a pod, or a Service, has a port of this name. */
function opens({ spec }: Pick<Manifest, 'spec'>, port: string): boolean {
  const ports: Tree[] = spec.ports ?? spec.containers.flatMap((container: Tree) => container.ports ?? []);
  return ports.some(({ name }) => name === port);
}

function includes(all: Labels, some: Labels): boolean {
  return Object.entries(some).every(([key, value]) => all[key] === value);
}
