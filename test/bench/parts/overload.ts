import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import { GOOD, type OpenLoad } from '../open-load.ts';
import type { SeenByLabel } from '../open-loop.ts';
import { SLOW_POOL, SLOW_TOOL_MS } from '../plugin.ts';

const WORKERS = 2;
const SLOTS = 8;
const CAPACITY_PER_SECOND = (WORKERS * SLOTS * 1000) / SLOW_TOOL_MS;
const TIMES = 3;
const DEADLINE_MS = 1_000;
const WINDOW_MS = 8_000;

/** What is left of the work when three times as much is wanted as can be done, and what the others hear how soon. */
export async function measureOverload(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const settings = { MILLRACE_POOLS: SLOW_POOL, MILLRACE_SLOTS: String(SLOTS) };
  const common = { MILLRACE_CALL_TIMEOUT_MS: String(DEADLINE_MS) };
  const { frontDoor } = await startCluster(
    stage,
    redisUrl,
    'bench-overload',
    { count: WORKERS, settings },
    common,
  );
  const generator = await stage.enter(() => BenchProcess.start<OpenLoad, SeenByLabel>('open-load.ts'));
  const seen = await generator.ask({
    port: frontDoor.httpPort,
    tool: 'sleep',
    perSecond: TIMES * CAPACITY_PER_SECOND,
    connections: TIMES * CAPACITY_PER_SECOND,
    warmUpMs: 4_000,
    windowMs: WINDOW_MS,
  });
  const { [GOOD]: good, overloaded, ...others } = seen;
  if (!good || !overloaded) throw new Error(`nothing was ${good ? 'refused' : 'done'}`);
  bench.progress(`overload: ${good.count} good, ${overloaded.count} refused, ${JSON.stringify(others)}`);
  const late = others['deadline_exceeded']?.count ?? 0;
  // Whoever was let in and then did not make it counts as one that took for ever.
  const p99 = late > (good.count + late) / 100 ? Number.POSITIVE_INFINITY : good.p99;
  bench.report('overload_goodput', (good.count * 1000) / WINDOW_MS / CAPACITY_PER_SECOND);
  bench.report('overload_p99_of_deadline', p99 / DEADLINE_MS);
  bench.report('overload_refused_p99_ms', overloaded.p99);
}
