import { redisIsAway, type ScalingReader } from '@millrace/broker';
import type { Metrics } from '@millrace/service';
import { DEFAULT_TARGET_WAIT_MS } from './scaling-route.ts';

/**
 * Brings demand and backlog of these pools up to date among the figures that Prometheus reads. Without Redis there is none,
 * rather than an old one.
 */
export async function observeDemand(
  reader: Pick<ScalingReader, 'read'>,
  pools: Iterable<string>,
  { poolDemand, backlog, backlogAge }: Pick<Metrics, 'poolDemand' | 'backlog' | 'backlogAge'>,
): Promise<void> {
  const gauges = [poolDemand, backlog, backlogAge];
  try {
    const demands = await Promise.all([...pools].map((pool) => reader.read(pool, DEFAULT_TARGET_WAIT_MS)));
    for (const gauge of gauges) gauge.reset();
    for (const { pool, demand, waiting, active, oldestWaitMs } of demands) {
      poolDemand.set({ pool }, demand);
      backlog.set({ pool, state: 'waiting' }, waiting);
      backlog.set({ pool, state: 'active' }, active);
      backlogAge.set({ pool }, oldestWaitMs / 1000);
    }
  } catch (error) {
    for (const gauge of gauges) gauge.reset();
    if (!redisIsAway(error)) throw error;
  }
}
