import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Backlog, EnqueueTimes } from '../subjects/backlog.ts';

const WAITING_CALLS = 100_000;

/** Whether a call gets onto the queue as fast behind a long backlog as into an empty pool. */
export async function measureBacklog(bench: Bench): Promise<void> {
  const subject = await bench.stage.enter(() =>
    BenchProcess.start<Backlog, EnqueueTimes>('subjects/backlog.ts', { redisUrl: bench.redisUrl }),
  );
  const { emptyMs, waitingMs } = await subject.ask({ waiting: WAITING_CALLS });
  bench.progress(
    `backlog: ${emptyMs.toFixed(3)} ms into an empty pool, ${waitingMs.toFixed(3)} ms behind the backlog`,
  );
  bench.report('enqueue_empty_ms', emptyMs);
  bench.report('enqueue_waiting_ms', waitingMs);
  bench.report('backlog_slope', waitingMs / emptyMs);
}
