import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import { TOOL_COUNT } from '../many-tools-plugin.ts';
import { pluginPath } from '../plugin-path.ts';
import type { Measured } from '../recorder.ts';
import { correct } from '../rounds.ts';
import type { ListLoad } from '../subjects/list-load.ts';

/** How long the list of a large catalogue takes, alone and with others. */
export async function measureList(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const settings = { MILLRACE_PLUGINS: pluginPath('many-tools-plugin.ts') };
  const { frontDoor } = await startCluster(stage, redisUrl, 'bench-list', { count: 1, settings });
  const generator = await stage.enter(() => BenchProcess.start<ListLoad, Measured>('subjects/list-load.ts'));
  const list = async (connections: number) =>
    correct(
      await generator.ask({
        port: frontDoor.httpPort,
        connections,
        tools: TOOL_COUNT,
        warmUpMs: 1_000,
        windowMs: 3_000,
      }),
    );
  for (const [figure, connections] of [
    ['list_p99_ms', 1],
    ['list_p99_at_10_ms', 10],
  ] as const) {
    const { perSecond, p50, p99 } = await list(connections);
    bench.progress(
      `list: ${connections} at a time, ${perSecond.toFixed(0)} lists/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
    );
    bench.report(figure, p99);
  }
}
