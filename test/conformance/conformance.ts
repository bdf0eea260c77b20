import { fileURLToPath } from 'node:url';
import { startCluster } from '../support/cluster.ts';
import { RoundRobin } from './round-robin.ts';
import type { RevisionScore } from './score.ts';
import { type ConformanceRevision, REVISIONS, runSuite } from './suite.ts';

const PLUGIN = fileURLToPath(new URL('./plugin/conformance.ts', import.meta.url));

export interface ConformanceOptions {
  readonly revisions?: readonly ConformanceRevision[];
  /** Told of each scenario when it starts. */
  readonly onScenario?: (revision: ConformanceRevision, scenario: string) => void;
  /** Told of each revision when its last scenario has run. */
  readonly onScore?: (revision: ConformanceRevision, score: RevisionScore) => void;
  /** Ends the suite early. */
  readonly signal?: AbortSignal;
}

export type Scores = Partial<Record<ConformanceRevision, RevisionScore>>;

/**
 * Runs the official suite against two front doors and two workers on a Redis of their own. A proxy in front of them
 * switches replica at every HTTP request.
 */
export async function runConformance(options: ConformanceOptions = {}): Promise<Scores> {
  const { revisions = REVISIONS, onScenario, onScore, signal } = options;
  const cluster = await startCluster({
    frontDoors: 2,
    workers: 2,
    privateRedis: true,
    workerEnv: { MILLRACE_PLUGINS: PLUGIN },
  });
  const proxy = await RoundRobin.start(cluster.urls);
  const scores: Scores = {};
  try {
    for (const revision of revisions) {
      const score = await runSuite({
        url: proxy.url,
        revision,
        onScenario: (scenario) => onScenario?.(revision, scenario),
        ...(signal && { signal }),
      });
      scores[revision] = score;
      onScore?.(revision, score);
    }
  } finally {
    await proxy.stop();
    await cluster.stop();
  }
  return scores;
}
