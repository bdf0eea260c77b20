import { testCluster } from '@millrace/toolkit/testing';
import type { Bench } from '../bench.ts';
import { pluginPath } from '../plugin-path.ts';

/** Starts; the first one compiles what the others find compiled. */
const ROUNDS = 6;

/** How long an author's test waits for a cluster: a private Redis, two front doors and two workers that know each other. */
export async function measureTestCluster(bench: Bench): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    const cluster = await testCluster({ frontDoors: 2, workers: 2, plugins: [pluginPath('plugin.ts')] });
    const took = performance.now() - begun;
    await cluster.stop();
    bench.progress(`test_cluster: ${took.toFixed(0)} ms (${round + 1} of ${ROUNDS})`);
    if (round > 0) times.push(took);
  }
  times.sort((a, b) => a - b);
  bench.report('test_cluster_ms', times[Math.floor(times.length / 2)] ?? Number.NaN);
}
