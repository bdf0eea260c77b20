/** What can be done to a cluster, by the name that `--only` takes. */
export const FAULT_NAMES = [
  'kill-worker',
  'kill-front-door',
  'stop-worker',
  'stop-front-door',
  'restart-redis',
  'partition-worker',
  'partition-front-door',
  'upgrade-worker',
  'upgrade-front-door',
  'poison',
] as const;

export type FaultName = (typeof FAULT_NAMES)[number];

export function isFaultName(name: string): name is FaultName {
  return (FAULT_NAMES as readonly string[]).includes(name);
}
