import type { Metrics } from '@millrace/service';
import type { PoolReport } from '@millrace/toolkit';

/** Keeps the metrics of one resource pool of a plugin. */
export function countPool(
  { poolSize, poolWaiting, poolMax }: Pick<Metrics, 'poolSize' | 'poolWaiting' | 'poolMax'>,
  pool: string,
  { idle, borrowed, waiting, max }: PoolReport,
): void {
  poolSize.set({ resource_pool: pool, state: 'idle' }, idle);
  poolSize.set({ resource_pool: pool, state: 'borrowed' }, borrowed);
  poolWaiting.set({ resource_pool: pool }, waiting);
  poolMax.set({ resource_pool: pool }, max);
}
