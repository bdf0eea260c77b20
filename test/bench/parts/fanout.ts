import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import { pluginPath } from '../plugin-path.ts';
import type { AudienceRequest } from '../subjects/audience.ts';

const CLIENTS_OF_EACH_KIND = 1_000;
const ROUNDS = 3;
/** Between two changes, so that each is told alone. */
const PAUSE_MS = 500;

/**
 * How long it takes from the call of a tool that changes something until the last client of one front door knows;
 * reports the slowest of all rounds.
 */
export async function measureFanout(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const settings = { MILLRACE_PLUGINS: pluginPath('changing-plugin.ts') };
  const { frontDoor } = await startCluster(stage, redisUrl, 'bench-fanout', { count: 1, settings });
  const audience = await stage.enter(() =>
    BenchProcess.start<AudienceRequest, number>('subjects/audience.ts', { port: frontDoor.httpPort }),
  );
  await audience.ask({ do: 'open', kind: 'listen', count: CLIENTS_OF_EACH_KIND });
  await audience.ask({ do: 'open', kind: 'websocket', count: CLIENTS_OF_EACH_KIND });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const tool of ['touch', 'grow'] as const) {
      await delay(PAUSE_MS);
      const elapsed = await audience.ask({ do: 'change', tool });
      bench.progress(`fanout: ${tool}, all know after ${elapsed.toFixed(0)} ms (${round + 1} of ${ROUNDS})`);
      bench.reportPeak('fanout_ms', elapsed);
    }
  }
}
