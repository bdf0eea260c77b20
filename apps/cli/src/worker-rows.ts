import type { WorkerRecord } from '@millrace/broker';

export const WORKER_HEAD = ['WORKER', 'HOST', 'PID', 'SLOTS', 'UP', 'POOLS', 'PLUGINS'] as const;

/** One row for each worker, the oldest first. @param now epoch milliseconds */
export function workerRows(workers: readonly WorkerRecord[], now: number): string[][] {
  return [...workers]
    .sort((a, b) => a.startedAt - b.startedAt)
    .map(({ id, host, pid, slots, startedAt, pools, plugins = [], weight }) => [
      id,
      host,
      String(pid),
      String(slots),
      ageText(now - startedAt),
      `${pools.join(',')}${weight === undefined ? '' : ` (${weight} %)`}`,
      plugins.join(','),
    ]);
}

/** A time in the largest unit that gives a whole number. @param ms milliseconds */
export function ageText(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  if (s < 120) return `${s} s`;
  if (s < 7_200) return `${Math.floor(s / 60)} min`;
  return s < 172_800 ? `${Math.floor(s / 3_600)} h` : `${Math.floor(s / 86_400)} d`;
}
