import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { startCluster } from '../cluster.ts';
import { pluginPath } from '../plugin-path.ts';
import type { Measured } from '../recorder.ts';
import { compare } from '../rounds.ts';
import type { SameLoad } from '../subjects/same-load.ts';

const CONNECTIONS = 100;

/** Calls that the cache of the front door answers, against the simplest request that there is. */
export async function compareCache(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const settings = { MILLRACE_PLUGINS: pluginPath('sharing-plugin.ts') };
  const { frontDoor } = await startCluster(stage, redisUrl, 'bench-cache', { count: 1, settings });
  const generator = await stage.enter(() => BenchProcess.start<SameLoad, Measured>('subjects/same-load.ts'));
  const contender = (name: string, what: { tool?: string }) => ({
    name,
    subject: 'cache_hit',
    start: async () => (timing: Timing) =>
      generator.ask({ port: frontDoor.httpPort, connections: CONNECTIONS, ...what, ...timing }),
  });
  await compare(bench, [contender('discover', {}), contender('cache_hit', { tool: 'kept' })]);
}
