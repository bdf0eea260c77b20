import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { collectDefaultMetrics } from 'prom-client';
import type { Metrics } from './metrics.ts';

/** Adds the figures of the process itself: CPU, memory, event-loop lag, garbage collection. */
export function watchProcess({ registry, memoryLimit }: Pick<Metrics, 'registry' | 'memoryLimit'>): void {
  collectDefaultMetrics({ register: registry });
  memoryLimit.set(memoryLimitOf(process.constrainedMemory(), totalmem()));
}

/** Where nothing limits a process, the kernel says 0, or a number larger than any memory. */
export function memoryLimitOf(constrained: number, total: number): number {
  return constrained > 0 && constrained < total ? constrained : total;
}

/** Brings the figures of the file system up to date on which `directory` is. */
export async function observeDisk(
  { diskFree, diskSize }: Pick<Metrics, 'diskFree' | 'diskSize'>,
  directory: string,
): Promise<void> {
  const { bsize, blocks, bavail } = await statfs(directory);
  diskFree.set(bavail * bsize);
  diskSize.set(blocks * bsize);
}
