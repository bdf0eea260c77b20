import { AppProcess } from './app-process.ts';
import type { Stage } from './stage.ts';

export interface Cluster {
  readonly frontDoor: AppProcess;
  readonly workers: readonly AppProcess[];
}

/**
 * Workers first: a front door reads what is served when it starts.
 *
 * @param common settings of all processes
 */
export async function startCluster(
  stage: Stage,
  redisUrl: string,
  prefix: string,
  workers: { count: number; settings?: Readonly<Record<string, string>> } = { count: 1 },
  common: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const settings = { ...common, ...workers.settings, MILLRACE_PREFIX: prefix };
  const starting = Array.from({ length: workers.count }, () =>
    stage.enter(() => AppProcess.start('worker', redisUrl, settings)),
  );
  const started = await Promise.all(starting);
  const frontDoor = await stage.enter(() =>
    AppProcess.start('front-door', redisUrl, { ...common, MILLRACE_PREFIX: prefix }),
  );
  return { frontDoor, workers: started };
}
