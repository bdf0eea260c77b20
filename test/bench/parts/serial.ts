import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { correct } from '../rounds.ts';

/** One call at a time over HTTP: how long a call takes when nothing else is under way. */
export async function measureSerial(bench: Bench): Promise<void> {
  const { frontDoor } = await startCluster(bench.stage, bench.redisUrl, 'bench-serial');
  const generator = await bench.stage.enter(() =>
    BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'),
  );
  const measured = correct(
    await generator.ask({
      port: frontDoor.httpPort,
      tool: 'echo',
      connections: 1,
      labelled: false,
      warmUpMs: 2_000,
      windowMs: 4_000,
    }),
  );
  bench.progress(`serial: p50 ${measured.p50.toFixed(2)} ms`);
  bench.report('serial_p50_ms', measured.p50);
  bench.report('serial_p99_ms', measured.p99);
}
