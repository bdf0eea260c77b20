import type { Tree } from './chart.ts';

/** What a volume of the restricted standard may be. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Where a pod falls short of the Pod Security Standard "restricted", of a read-only root, and of bounds. */
export function restrictedFaultsOf(spec: Tree): string[] {
  const { securityContext: pod = {}, volumes = [] } = spec;
  const kinds = volumes.flatMap((volume: object) => Object.keys(volume).filter((key) => key !== 'name'));
  const containers: Tree[] = [...(spec.initContainers ?? []), ...spec.containers];
  return [
    ...unless(pod.runAsNonRoot === true && pod.runAsUser > 0, 'may run as root'),
    ...unless(pod.seccompProfile?.type === 'RuntimeDefault', 'no seccomp profile'),
    ...unless(!(spec.hostNetwork || spec.hostPID || spec.hostIPC), 'uses the host'),
    ...unless(spec.automountServiceAccountToken === false, 'gets a token that it does not need'),
    ...unless(
      kinds.every((kind: string) => VOLUMES.includes(kind)),
      'mounts what it must not',
    ),
    ...containers.flatMap(containerFaultsOf),
  ];
}

function containerFaultsOf({ securityContext: own = {}, resources = {} }: Tree): string[] {
  const { requests, limits } = resources;
  return [
    ...unless(own.allowPrivilegeEscalation === false, 'may gain privileges'),
    ...unless(own.privileged !== true, 'is privileged'),
    ...unless(own.capabilities?.drop?.includes('ALL') && !own.capabilities.add, 'keeps capabilities'),
    ...unless(own.readOnlyRootFilesystem === true, 'may write to its root'),
    ...unless(requests?.cpu && requests.memory && limits?.memory, 'has no bounds'),
  ];
}

function unless(holds: unknown, fault: string): string[] {
  return holds ? [] : [fault];
}
