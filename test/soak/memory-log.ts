import { readFileSync } from 'node:fs';

/** Resident memory of processes over time. */
export class MemoryLog {
  readonly #pids: ReadonlyMap<string, number>;
  readonly #samples = new Map<string, number[]>();

  /** @param pids of the processes, by name */
  constructor(pids: ReadonlyMap<string, number>) {
    this.#pids = pids;
    for (const name of pids.keys()) this.#samples.set(name, []);
  }

  sample(): void {
    for (const [name, pid] of this.#pids) this.#samples.get(name)?.push(residentMb(pid));
  }

  /** How much each has grown from the second quarter to the last: medians, in MB. */
  growth(): ReadonlyMap<string, { readonly fromMb: number; readonly toMb: number }> {
    return new Map(
      [...this.#samples].map(([name, all]) => {
        const quarter = Math.max(1, Math.floor(all.length / 4));
        return [name, { fromMb: median(all.slice(quarter, 2 * quarter)), toMb: median(all.slice(-quarter)) }];
      }),
    );
  }
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
