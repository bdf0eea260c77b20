import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { LOOK_UP_POOL } from '../plugin.ts';
import { compare } from '../rounds.ts';

const CONNECTIONS = 100;
/** Runs at the same time, of both tools: what the service behind them bears. */
const SLOTS = 4;

/** A tool that asks a service for many at once over the same tool that asks for each: 5 ms a run, whatever its size. */
export async function compareBatch(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const settings = { MILLRACE_POOLS: LOOK_UP_POOL, MILLRACE_SLOTS: String(SLOTS) };
  const { frontDoor } = await startCluster(stage, redisUrl, 'bench-batch', { count: 1, settings });
  const generator = await stage.enter(() => BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'));
  const contender = (name: string, tool: string) => ({
    name,
    subject: 'batch_gain',
    start: async () => (timing: Timing) =>
      generator.ask({
        port: frontDoor.httpPort,
        tool,
        connections: CONNECTIONS,
        labelled: false,
        ...timing,
      }),
  });
  await compare(bench, [contender('one_by_one', 'look_up'), contender('batched', 'look_up_many')]);
}
