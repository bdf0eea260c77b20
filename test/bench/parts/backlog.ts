import { AppProcess } from '../app-process.ts';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { HttpConnection } from '../http-connection.ts';
import { quantile } from '../recorder.ts';
import type { Backlog, BacklogPlace, EnqueueTimes } from '../subjects/backlog.ts';

const WAITING_CALLS = 100_000;
const PREFIX = 'bench-backlog';
const POOL = 'full';
const WARM_UP_READS = 100;
const READS = 1_000;

/** Whether calls get onto the queue, and autoscalers get their answer, as fast behind a long backlog as without. */
export async function measureBacklog(bench: Bench): Promise<void> {
  const place: BacklogPlace = { redisUrl: bench.redisUrl, prefix: PREFIX, pool: POOL };
  const subject = await bench.stage.enter(() =>
    BenchProcess.start<Backlog, EnqueueTimes>('subjects/backlog.ts', place),
  );
  const { emptyMs, waitingMs } = await subject.ask({ waiting: WAITING_CALLS });
  bench.progress(
    `backlog: ${emptyMs.toFixed(3)} ms into an empty pool, ${waitingMs.toFixed(3)} ms behind the backlog`,
  );
  bench.report('enqueue_empty_ms', emptyMs);
  bench.report('enqueue_waiting_ms', waitingMs);
  bench.report('backlog_slope', waitingMs / emptyMs);
  await measureScalingRead(bench);
}

/** Asks for the demand as an autoscaler does, while all those calls wait. */
async function measureScalingRead(bench: Bench): Promise<void> {
  const { adminPort } = await bench.stage.enter(() =>
    AppProcess.start('front-door', bench.redisUrl, { MILLRACE_PREFIX: PREFIX }),
  );
  const connection = await HttpConnection.open(adminPort);
  for (let read = 0; read < WARM_UP_READS; read += 1) await timeRead(connection);
  const times: number[] = [];
  for (let read = 0; read < READS; read += 1) times.push(await timeRead(connection));
  connection.close();
  const sorted = times.toSorted((a, b) => a - b);
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  bench.progress(`scaling_read: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
  bench.report('scaling_read_p50_ms', p50);
  bench.report('scaling_read_p99_ms', p99);
}

const REQUEST = Buffer.from(`GET /scaling/${POOL} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);

/** @throws when the answer is not about all the waiting calls */
async function timeRead(connection: HttpConnection): Promise<number> {
  const begun = performance.now();
  const { status, body } = await connection.exchange(REQUEST);
  const took = performance.now() - begun;
  const { waiting = 0 } = JSON.parse(body) as { waiting?: number };
  if (status !== 200 || waiting < WAITING_CALLS) throw new Error(`the demand was answered with ${body}`);
  return took;
}
