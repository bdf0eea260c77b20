import { connectPatient, disconnect, Keys, whenReady } from '@millrace/broker';
import { createLogger } from '@millrace/service';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import type { OpenLoad } from '../open-load.ts';
import type { SeenByLabel } from '../open-loop.ts';

const PREFIX = 'bench-breaker';
const REFUSED = 'circuit_open';
const PER_SECOND = 500;

/** How soon a call is refused whose breaker is open; nothing of it may reach the queue. */
export async function measureBreaker(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const { frontDoor } = await startCluster(stage, redisUrl, PREFIX);
  const generator = await stage.enter(() => BenchProcess.start<OpenLoad, SeenByLabel>('open-load.ts'));
  const load = { port: frontDoor.httpPort, tool: 'broken', perSecond: PER_SECOND, connections: 100 };
  // Failures enough to open it, and refusals enough for a process that has warmed up.
  await generator.ask({ ...load, warmUpMs: 0, windowMs: 3_000 });
  const before = await jobs(redisUrl);
  const { [REFUSED]: refused, ...others } = await generator.ask({ ...load, warmUpMs: 0, windowMs: 4_000 });
  const queued = (await jobs(redisUrl)) - before;
  if (!refused || Object.keys(others).length > 0 || queued > 0) {
    throw new Error(`not all was refused: ${queued} jobs on the queue, ${JSON.stringify(others)}`);
  }
  bench.progress(`breaker: ${refused.count} refused, p50 ${refused.p50.toFixed(2)} ms`);
  bench.report('breaker_refused_p99_ms', refused.p99);
}

/** Jobs that were ever put on the queue. */
async function jobs(redisUrl: string): Promise<number> {
  const logger = createLogger({ name: 'bench', level: 'warn' });
  const redis = connectPatient({ url: redisUrl, logger }, 'bench-jobs');
  await whenReady(redis);
  const count = await redis.get(new Keys(PREFIX).queuePart('default', 'id'));
  disconnect(redis);
  return Number(count ?? 0);
}
