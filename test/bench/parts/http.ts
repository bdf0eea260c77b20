import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { type Cluster, startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { ProcessWatch } from '../process-watch.ts';
import { compare, correct } from '../rounds.ts';

const CONNECTIONS = 100;

/** The SDK's own HTTP handler against front door, Redis and one worker: same tool, same bytes, same generator. */
export async function compareHttp(bench: Bench): Promise<void> {
  const { stage } = bench;
  const generator = await stage.enter(() => BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'));
  const load = (port: number, timing: Timing) =>
    generator.ask({ port, tool: 'echo', connections: CONNECTIONS, labelled: false, ...timing });
  await compare(bench, [
    {
      name: 'sdk_http',
      start: async () => {
        const sdk = await stage.enter(() =>
          BenchProcess.start<object, object, { port: number }>('subjects/sdk-http.ts'),
        );
        return (timing) => load(sdk.ready.port, timing);
      },
    },
    {
      name: 'millrace_http',
      start: async () => {
        const cluster = await startCluster(stage, bench.redisUrl, 'bench-http');
        return (timing) => watched(bench, cluster, () => load(cluster.frontDoor.httpPort, timing));
      },
    },
  ]);
}

/** Reports what the load costs each process; the peaks over all rounds count. */
async function watched(
  bench: Bench,
  cluster: Cluster,
  run: () => Promise<HttpMeasured>,
): Promise<HttpMeasured> {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('there is no worker');
  const frontDoorWatch = new ProcessWatch(cluster.frontDoor.pid);
  const workerWatch = new ProcessWatch(worker.pid);
  const measured = correct(await frontDoorWatch.during(() => workerWatch.during(run)));
  bench.reportPeak('front_door_rss_mb', frontDoorWatch.peakMb);
  bench.reportPeak('worker_rss_mb', workerWatch.peakMb);
  bench.report('front_door_cpu', frontDoorWatch.cpu);
  bench.report('worker_cpu', workerWatch.cpu);
  bench.report('generator_cpu', measured.generatorCpu);
  return measured;
}
