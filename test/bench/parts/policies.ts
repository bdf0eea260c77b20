import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { compare } from '../rounds.ts';

const CONNECTIONS = 100;

/** A tool under all policies, none of which has anything to do, over the same tool without any. */
export async function comparePolicies(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const { frontDoor } = await startCluster(stage, redisUrl, 'bench-policies');
  const generator = await stage.enter(() => BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'));
  const contender = (name: string, tool: string) => ({
    name,
    subject: 'policy_cost',
    start: async () => (timing: Timing) =>
      generator.ask({
        port: frontDoor.httpPort,
        tool,
        connections: CONNECTIONS,
        labelled: false,
        ...timing,
      }),
  });
  await compare(bench, [contender('unguarded', 'echo'), contender('guarded', 'guarded_echo')]);
  const { unguarded_rps: without, guarded_rps: under } = bench.figures;
  if (without !== undefined && under !== undefined) bench.report('policy_cost', 1 - under / without);
}
