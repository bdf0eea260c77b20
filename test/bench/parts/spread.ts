import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { SLOW_POOL, SLOW_TOOL_MS } from '../plugin.ts';
import { correct } from '../rounds.ts';

const WORKERS = 4;
const SLOTS = 8;
/** Twice the slots: batches may form, and one that piles calls on a worker shows. */
const IN_FLIGHT = 2 * WORKERS * SLOTS;
const IDEAL_PER_SECOND = (WORKERS * SLOTS * 1000) / SLOW_TOOL_MS;

/** How evenly calls of a slow tool spread over the workers, and how near that comes to all slots always busy. */
export async function measureSpread(bench: Bench): Promise<void> {
  const { frontDoor } = await startCluster(bench.stage, bench.redisUrl, 'bench-spread', {
    count: WORKERS,
    settings: { MILLRACE_POOLS: SLOW_POOL, MILLRACE_SLOTS: String(SLOTS) },
  });
  const generator = await bench.stage.enter(() =>
    BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'),
  );
  const { perSecond, labels } = correct(
    await generator.ask({
      port: frontDoor.httpPort,
      tool: 'sleep',
      connections: IN_FLIGHT,
      labelled: true,
      warmUpMs: 3_000,
      windowMs: 10_000,
    }),
  );
  const perWorker = Object.values(labels);
  if (perWorker.length < WORKERS) throw new Error(`only ${perWorker.length} of ${WORKERS} workers had calls`);
  bench.progress(
    `spread: ${perWorker.join(', ')} calls, ${perSecond.toFixed(0)} of ${IDEAL_PER_SECOND} calls/s`,
  );
  bench.report('spread_ratio', Math.max(...perWorker) / Math.min(...perWorker));
  bench.report('spread_of_ideal', perSecond / IDEAL_PER_SECOND);
}
