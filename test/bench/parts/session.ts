import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { compare } from '../rounds.ts';

const CONNECTIONS = 100;

/** The same call with and without a session of the 2025 era, on the same front door and worker. */
export async function compareSession(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const { frontDoor } = await startCluster(stage, redisUrl, 'bench-session');
  const generator = await stage.enter(() => BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'));
  const contender = (name: string, session: boolean) => ({
    name,
    subject: 'session_cost',
    start: async () => (timing: Timing) =>
      generator.ask({
        port: frontDoor.httpPort,
        tool: 'echo',
        connections: CONNECTIONS,
        labelled: false,
        session,
        ...timing,
      }),
  });
  await compare(bench, [contender('stateless', false), contender('session', true)]);
}
